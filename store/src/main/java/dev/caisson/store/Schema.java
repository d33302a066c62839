package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/** The tables that this program knows, whatever database they stand in. */
final class Schema {
  /**
   * The newest migration. Those up to 14 are each database's own; later ones, in {@code
   * migration/common}, are for every database.
   */
  static final int VERSION = 19;

  static final String HISTORY = "flyway_schema_history";

  private static final String MIGRATIONS = "classpath:dev/caisson/store/migration/";

  private Schema() {}

  /** The version of a database that has a history of migrations. */
  static int version(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT MAX(CAST(version AS BIGINT)) FROM "
                + HISTORY
                + " WHERE success AND version IS NOT NULL")) {
      return row.next() ? row.getInt(1) : 0;
    }
  }

  /** Whether nothing is left to migrate; throws HostUnfit for a version that is not known here. */
  static boolean current(String database, int version) {
    if (version > VERSION) {
      throw new HostUnfit(
          "database "
              + database
              + " has schema version "
              + version
              + ", made by a newer Caisson; this one knows versions up to "
              + VERSION);
    }
    return version == VERSION;
  }

  /**
   * Runs the migrations that are missing.
   *
   * @param kind the directory of the database's own migrations
   * @param sequence the type of a primary key that numbers itself
   */
  static void migrate(String database, DataSource source, String kind, String sequence) {
    try {
      Flyway.configure(Schema.class.getClassLoader())
          .loggers("slf4j")
          .dataSource(source)
          .locations(MIGRATIONS + kind, MIGRATIONS + "common")
          .placeholders(Map.of("seq", sequence))
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new HostUnfit(
          "database "
              + database
              + " cannot be brought to schema version "
              + VERSION
              + ": "
              + e.getMessage(),
          e);
    }
  }
}
