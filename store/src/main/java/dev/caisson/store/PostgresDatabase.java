package dev.caisson.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Unavailable;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL database. Safe for use from many threads; several processes, on several machines,
 * may have it open.
 *
 * <p>A transaction that writes first takes the one lock of all writers. So it sees what every
 * earlier one left, numbers are given in the order of commits, and a check holds until what was
 * checked is changed: the same promises as SQLite's, on which all statements of the stores rely.
 *
 * <p>The work is done on threads of its own: a virtual thread that is interrupted, as cells are,
 * would close the connection that it is reading from.
 */
final class PostgresDatabase implements Database {
  /** Transactions take milliseconds; this long means that one hangs. */
  static final Duration LOCK_PATIENCE = Duration.ofSeconds(15);

  /**
   * A process that is stopped in the middle of a transaction holds up all others: the server ends
   * it before they lose their patience.
   */
  private static final Duration HANGING_TRANSACTION = Duration.ofSeconds(10);

  /** A server that was started again answers within this. */
  private static final Duration CONNECTION_PATIENCE = Duration.ofSeconds(3);

  /** For a peer that has vanished without a word; no statement of ours takes as long. */
  private static final Duration SILENCE = Duration.ofSeconds(60);

  private static final int READERS = 8;

  /** One for the writing thread, one for the lease, which must not wait for writers. */
  private static final int WRITERS = 2;

  /** The lock of all writers in a schema; the first number says that it is ours. */
  private static final String TAKE_THE_PEN =
      "SELECT pg_advisory_xact_lock(1667330419, hashtext(current_schema()))";

  /** A statement of its own, which sees what was committed while the pen was waited for. */
  private static final String IS_ALIVE =
      "SELECT EXISTS (SELECT 1 FROM owner_leases WHERE owner = ?)";

  private final DatabaseUrl url;
  private final Source reading;
  private final Source writing;
  private volatile Optional<String> owner = Optional.empty();

  private PostgresDatabase(DatabaseUrl url) {
    this.url = url;
    HikariConfig forReading = pool(url, "caisson-read", READERS);
    forReading.setReadOnly(true);
    forReading.setTransactionIsolation("TRANSACTION_REPEATABLE_READ");
    HikariConfig forWriting = pool(url, "caisson-write", WRITERS);
    forWriting.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    this.reading = new Source(forReading, READERS);
    this.writing = new Source(forWriting, 1);
  }

  /**
   * Opens the database and brings its schema up to date.
   *
   * @throws HostUnfit when it cannot be reached or entered, is too old, or comes from a newer
   *     Caisson
   */
  static PostgresDatabase open(DatabaseUrl url) {
    try {
      PostgresSchema.prepare(url, source(url));
      return new PostgresDatabase(url);
    } catch (SQLException e) {
      throw PostgresErrors.atStart(url, e);
    }
  }

  private static HikariConfig pool(DatabaseUrl url, String name, int size) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setDataSource(source(url));
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(CONNECTION_PATIENCE.toMillis());
    config.setInitializationFailTimeout(-1);
    config.setConnectionInitSql(
        "SET lock_timeout = "
            + LOCK_PATIENCE.toMillis()
            + "; SET idle_in_transaction_session_timeout = "
            + HANGING_TRANSACTION.toMillis());
    return config;
  }

  private static PGSimpleDataSource source(DatabaseUrl url) {
    PGSimpleDataSource source = url.dataSource();
    if (!url.sets(PGProperty.APPLICATION_NAME)) {
      source.setApplicationName("caisson");
    }
    if (!url.sets(PGProperty.CONNECT_TIMEOUT)) {
      source.setConnectTimeout(Math.toIntExact(CONNECTION_PATIENCE.toSeconds()));
    }
    if (!url.sets(PGProperty.SOCKET_TIMEOUT)) {
      source.setSocketTimeout(Math.toIntExact(SILENCE.toSeconds()));
    }
    source.setTcpKeepAlive(true);
    return source;
  }

  @Override
  public <T> T read(HandleCallback<T, RuntimeException> query) {
    return reading.call(handle -> handle.inTransaction(query), () -> true);
  }

  @Override
  public <T> T write(HandleCallback<T, RuntimeException> transaction) {
    AtomicBoolean begun = new AtomicBoolean();
    return writing.call(
        handle ->
            handle.inTransaction(inside -> {
              takeThePen(inside);
              begun.set(true);
              return transaction.withHandle(inside);
            }),
        () -> !begun.get());
  }

  /**
   * From now on nothing is written unless that owner lives: a process that was stopped for longer
   * than its lease, and goes on, changes nothing any more, whatever it was about to do.
   */
  void fence(String livingOwner) {
    owner = Optional.of(livingOwner);
  }

  private void takeThePen(Handle handle) {
    Optional<String> self = owner;
    // Both statements in one message to the server.
    String sql = self.isPresent() ? TAKE_THE_PEN + "; " + IS_ALIVE : TAKE_THE_PEN;
    try (PreparedStatement pen = handle.getConnection().prepareStatement(sql)) {
      if (self.isPresent()) {
        pen.setString(1, self.get());
      }
      pen.execute();
      if (self.isPresent() && !(pen.getMoreResults() && yes(pen))) {
        throw new Unavailable(
            "this process did not renew its lease in database "
                + url
                + " in time and was taken for dead; it must be started again");
      }
    } catch (SQLException e) {
      throw new ConnectionException(e);
    }
  }

  private static boolean yes(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.getResultSet()) {
      return row.next() && row.getBoolean(1);
    }
  }

  /** Runs one statement at once, on the caller's thread and not in the order of the writers. */
  <T> T aside(HandleCallback<T, RuntimeException> statement) {
    return writing.run(statement, () -> true);
  }

  @Override
  public void close() {
    reading.close();
    writing.close();
  }

  /** Connections, and the threads that use them. */
  private final class Source implements AutoCloseable {
    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final ExecutorService threads;
    private final AtomicLong failedAt = new AtomicLong(Long.MIN_VALUE);
    private volatile CaissonException failure = new Unavailable("");

    Source(HikariConfig config, int threads) {
      this.pool = new HikariDataSource(config);
      this.jdbi = Texts.guard(Jdbi.create(pool));
      this.threads =
          Executors.newFixedThreadPool(
              threads, Thread.ofPlatform().daemon().name(config.getPoolName() + "-", 1).factory());
    }

    /**
     * Runs a task on one of the threads. An interrupted caller waits like any other: a transaction
     * is short.
     *
     * @param repeatable whether the task has done nothing yet that a second try would do twice
     */
    <T> T call(HandleCallback<T, RuntimeException> task, BooleanSupplier repeatable) {
      long asked = System.nanoTime();
      Future<T> result = submit(() -> runUnlessDown(task, repeatable, asked));
      boolean interrupted = false;
      try {
        while (true) {
          try {
            return result.get();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      } catch (ExecutionException e) {
        throw rethrown(Objects.requireNonNull(e.getCause()));
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private <T> Future<T> submit(Callable<T> task) {
      try {
        return threads.submit(task);
      } catch (RejectedExecutionException e) {
        throw new Unavailable("database " + url + " is closed", e);
      }
    }

    /** Whoever asked before the database was found gone shares that finding, and does not wait. */
    private <T> T runUnlessDown(
        HandleCallback<T, RuntimeException> task, BooleanSupplier repeatable, long asked) {
      long failed = failedAt.get();
      if (failed != Long.MIN_VALUE && asked - failed < 0) {
        throw new Unavailable(failure.getMessage(), failure);
      }
      return run(task, repeatable);
    }

    /** A pooled connection may have been cut while nobody used it: that is no reason to fail. */
    <T> T run(HandleCallback<T, RuntimeException> task, BooleanSupplier repeatable) {
      try {
        return attempt(task);
      } catch (JdbiException e) {
        if (!PostgresErrors.broken(e)) {
          throw PostgresErrors.translate(url, e);
        }
        pool.getHikariPoolMXBean().softEvictConnections();
        if (!repeatable.getAsBoolean()) {
          throw PostgresErrors.translate(url, e);
        }
      }
      try {
        return attempt(task);
      } catch (JdbiException e) {
        throw PostgresErrors.translate(url, e);
      }
    }

    private <T> T attempt(HandleCallback<T, RuntimeException> task) {
      try (Handle handle = open()) {
        return task.withHandle(handle);
      }
    }

    private Handle open() {
      try {
        return jdbi.open();
      } catch (JdbiException e) {
        CaissonException told = PostgresErrors.atConnecting(url, e);
        failure = told;
        failedAt.set(System.nanoTime());
        throw told;
      }
    }

    private static RuntimeException rethrown(Throwable cause) {
      return switch (cause) {
        case RuntimeException e -> e;
        case Error e -> throw e;
        default -> new IllegalStateException(cause);
      };
    }

    @Override
    public void close() {
      threads.close();
      pool.close();
    }
  }
}
