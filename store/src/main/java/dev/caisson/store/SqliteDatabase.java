package dev.caisson.store;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.CaissonException.HostFull;
import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The SQLite database of a data directory: one connection that writes, a few that read. Safe for
 * use from many threads; several processes may have it open.
 *
 * <p>Write-ahead log with {@code synchronous=NORMAL}: what was committed survives the death of any
 * process, without an fsync on a cell's path; a power cut may cost the last second, never
 * consistency (https://www.sqlite.org/wal.html).
 */
final class SqliteDatabase implements Database {
  /** Other processes hold the write lock for milliseconds; this long means that one hangs. */
  private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(15);

  private static final int READERS = 4;

  private final Path file;
  private final DiskReserve reserve;
  private final Handle writer;
  private final ReentrantLock writing = new ReentrantLock(true);
  private final BlockingDeque<Handle> readers = new LinkedBlockingDeque<>();

  private SqliteDatabase(Path file, DiskReserve reserve) throws SQLException {
    this.file = file;
    this.reserve = reserve;
    this.writer = open(SQLiteConfig.TransactionMode.IMMEDIATE);
    for (int i = 0; i < READERS; i++) {
      readers.add(open(SQLiteConfig.TransactionMode.DEFERRED));
    }
  }

  /**
   * Opens the database and brings its schema up to date.
   *
   * @throws HostUnfit when the file is no database, is damaged, or comes from a newer Caisson
   */
  static SqliteDatabase open(Path file, DiskReserve reserve) {
    try {
      if (!Files.exists(file)) {
        createPrivately(file);
      }
      SqliteSchema.prepare(file, url(file));
      return new SqliteDatabase(file, reserve);
    } catch (IOException e) {
      throw new HostUnfit(file + " cannot be made: " + DataDirectory.reason(e), e);
    } catch (SQLException e) {
      throw unfit(file, e);
    }
  }

  /** SQLite gives its side files the rights of the database file. */
  private static void createPrivately(Path file) throws IOException {
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (java.nio.file.FileAlreadyExistsException e) {
      // another process was first
    }
  }

  /** As a URI, so that no character of the path has a meaning. */
  private static String url(Path file) {
    return "jdbc:sqlite:" + file.toUri();
  }

  static SQLiteConfig config(SQLiteConfig.TransactionMode mode) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
    config.setBusyTimeout(Math.toIntExact(BUSY_TIMEOUT.toMillis()));
    config.enforceForeignKeys(true);
    config.setTransactionMode(mode);
    return config;
  }

  private Handle open(SQLiteConfig.TransactionMode mode) throws SQLException {
    Connection connection = config(mode).createConnection(url(file));
    return Texts.guard(Jdbi.create(connection)).open();
  }

  @Override
  public <T> T read(HandleCallback<T, RuntimeException> query) {
    Handle handle = takeReader();
    try {
      return query.withHandle(handle);
    } catch (JdbiException e) {
      throw translate(e);
    } finally {
      readers.addFirst(handle);
    }
  }

  /** A reader is free within microseconds, so an interrupted thread waits like any other. */
  private Handle takeReader() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return readers.takeFirst();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public <T> T write(HandleCallback<T, RuntimeException> transaction) {
    writing.lock();
    try {
      reserve.giveUpWhenLow();
      return writer.inTransaction(transaction);
    } catch (JdbiException e) {
      throw translate(e);
    } finally {
      writing.unlock();
    }
  }

  /** Copies the database as it is at one instant; others read and write meanwhile. */
  void snapshot(Path target) {
    try {
      createPrivately(target);
      try (Connection connection =
              config(SQLiteConfig.TransactionMode.DEFERRED).createConnection(url(file));
          PreparedStatement statement = connection.prepareStatement("VACUUM INTO ?")) {
        statement.setString(1, target.toString());
        statement.execute();
      }
    } catch (IOException e) {
      throw new HostUnfit(target + " cannot be made: " + DataDirectory.reason(e), e);
    } catch (SQLException e) {
      throw unfit(target, e);
    }
  }

  private CaissonException translate(JdbiException e) {
    return e.getCause() instanceof SQLException cause
        ? unfit(file, cause)
        : new Internal("database " + file + ": " + e.getMessage(), e);
  }

  static CaissonException unfit(Path file, SQLException e) {
    SQLiteErrorCode code =
        e instanceof SQLiteException sqlite
            ? sqlite.getResultCode()
            : SQLiteErrorCode.UNKNOWN_ERROR;
    return switch (SQLiteErrorCode.getErrorCode(code.code & 0xff)) {
      case SQLITE_NOTADB, SQLITE_CORRUPT ->
          new HostUnfit(
              "database "
                  + file
                  + " is damaged or is no database; move it away, or restore a backup of it",
              e);
      case SQLITE_FULL -> HostFull.midway("the database", e);
      case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_IOERR, SQLITE_AUTH ->
          file.toFile().getUsableSpace() == 0
              ? HostFull.midway("the database", e)
              : new HostUnfit("database " + file + " cannot be used: " + e.getMessage(), e);
      case SQLITE_BUSY, SQLITE_LOCKED ->
          new Busy(
              "database " + file + " was busy for " + BUSY_TIMEOUT.toSeconds() + "s",
              Duration.ofSeconds(1));
      default -> new Internal("database " + file + ": " + e.getMessage(), e);
    };
  }

  @Override
  public void close() {
    writing.lock();
    try {
      for (int i = 0; i < READERS; i++) {
        takeReader().close();
      }
      writer.close();
    } finally {
      writing.unlock();
    }
  }
}
