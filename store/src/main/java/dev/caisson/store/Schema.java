package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.KernelLock;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** Keeps the tables of a database at the version that this program knows. */
final class Schema {
  /**
   * The newest migration. Those up to 14 are SQLite's own; later ones, in {@code migration/common},
   * are for every database.
   */
  static final int VERSION = 19;

  /** A migration takes milliseconds; nobody holds the lock for longer and lives. */
  private static final Duration LOCK_PATIENCE = Duration.ofSeconds(60);

  private Schema() {}

  /**
   * Brings the schema up to date. A database that is so already never loads Flyway, which costs
   * half a second.
   */
  static void prepare(Path file, String url) throws SQLException {
    if (current(file, url)) {
      return;
    }
    KernelLock lock = lock(file);
    try {
      if (!current(file, url)) {
        migrate(file, url);
      }
    } finally {
      lock.close();
    }
  }

  private static boolean current(Path file, String url) throws SQLException {
    int version = version(url);
    if (version > VERSION) {
      throw new HostUnfit(
          "database "
              + file
              + " has schema version "
              + version
              + ", made by a newer Caisson; this one knows versions up to "
              + VERSION);
    }
    return version == VERSION;
  }

  private static int version(String url) throws SQLException {
    try (Connection connection =
            Database.config(SQLiteConfig.TransactionMode.DEFERRED).createConnection(url);
        Statement statement = connection.createStatement()) {
      if (!exists(statement)) {
        return 0;
      }
      try (ResultSet row =
          statement.executeQuery(
              """
              SELECT MAX(CAST(version AS BIGINT))
              FROM flyway_schema_history
              WHERE success = 1 AND version IS NOT NULL
              """)) {
        return row.next() ? row.getInt(1) : 0;
      }
    }
  }

  private static boolean exists(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name ="
                + " 'flyway_schema_history'")) {
      return row.next();
    }
  }

  /** Two processes must not migrate at once: Flyway has no lock of its own for SQLite. */
  private static KernelLock lock(Path file) {
    Path lockFile = file.resolveSibling("run").resolve("migration.lock");
    long deadline = System.nanoTime() + LOCK_PATIENCE.toNanos();
    while (true) {
      Optional<KernelLock> lock = KernelLock.tryLock(lockFile);
      if (lock.isPresent()) {
        return lock.get();
      }
      if (System.nanoTime() - deadline > 0) {
        throw new HostUnfit("another process is migrating database " + file);
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Internal("interrupted while waiting to migrate database " + file, e);
      }
    }
  }

  private static void migrate(Path file, String url) {
    SQLiteDataSource source =
        new SQLiteDataSource(Database.config(SQLiteConfig.TransactionMode.IMMEDIATE));
    source.setUrl(url);
    try {
      Flyway.configure(Schema.class.getClassLoader())
          .loggers("slf4j")
          .dataSource(source)
          .locations(
              "classpath:dev/caisson/store/migration/sqlite",
              "classpath:dev/caisson/store/migration/common")
          .placeholders(Map.of("seq", "INTEGER PRIMARY KEY"))
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new HostUnfit(
          "database "
              + file
              + " cannot be brought to schema version "
              + VERSION
              + ": "
              + e.getMessage(),
          e);
    }
  }
}
