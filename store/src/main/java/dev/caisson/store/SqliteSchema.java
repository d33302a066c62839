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
import java.util.Optional;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** Keeps the tables of a database file at the version that this program knows. */
final class SqliteSchema {
  /** A migration takes milliseconds; nobody holds the lock for longer and lives. */
  private static final Duration LOCK_PATIENCE = Duration.ofSeconds(60);

  private SqliteSchema() {}

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
        SQLiteDataSource source =
            new SQLiteDataSource(SqliteDatabase.config(SQLiteConfig.TransactionMode.IMMEDIATE));
        source.setUrl(url);
        Schema.migrate(file.toString(), source, "sqlite", "INTEGER PRIMARY KEY");
      }
    } finally {
      lock.close();
    }
  }

  private static boolean current(Path file, String url) throws SQLException {
    try (Connection connection =
            SqliteDatabase.config(SQLiteConfig.TransactionMode.DEFERRED).createConnection(url);
        Statement statement = connection.createStatement()) {
      return Schema.current(file.toString(), hasHistory(statement) ? Schema.version(statement) : 0);
    }
  }

  private static boolean hasHistory(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '"
                + Schema.HISTORY
                + "'")) {
      return row.next();
    }
  }

  /** Two processes must not migrate at once: Flyway has no lock of its own for SQLite. */
  private static KernelLock lock(Path file) {
    Path lockFile = file.resolveSibling("run").resolve("migration.lock");
    try {
      return KernelLock.lock(lockFile, Optional.of(LOCK_PATIENCE), () -> {})
          .orElseThrow(() -> new HostUnfit("another process is migrating database " + file));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted while waiting to migrate database " + file, e);
    }
  }
}
