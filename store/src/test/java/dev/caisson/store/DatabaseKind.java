package dev.caisson.store;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.store.testing.TemporaryPostgres;
import dev.caisson.store.testing.TestDatabases;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;

/** What a store may stand on: every test of a store runs once on each. */
enum DatabaseKind {
  SQLITE {
    @Override
    Optional<String> rawUrl(Path data) {
      return Optional.empty();
    }

    @Override
    Connection connect(Path data) throws SQLException {
      return DriverManager.getConnection("jdbc:sqlite:" + data.resolve("caisson.db"));
    }
  },

  /** Its tests are skipped where PostgreSQL is not installed. */
  POSTGRES {
    @Override
    Optional<String> rawUrl(Path data) {
      assumeTrue(TemporaryPostgres.programs().isPresent(), TestDatabases.NEED);
      return Optional.of(TestDatabases.postgres(data));
    }

    @Override
    Connection connect(Path data) throws SQLException {
      return DatabaseUrl.parse(TestDatabases.postgres(data)).dataSource().getConnection();
    }
  };

  /** Where the metadata of that data directory stands, password and all; empty for in itself. */
  abstract Optional<String> rawUrl(Path data);

  /** Past the store, as somebody would who has the file or the password. */
  abstract Connection connect(Path data) throws SQLException;

  /** Opens a store, as often as wanted. */
  Store open(Path data) {
    return Store.open(DataDirectory.open(data), rawUrl(data).map(DatabaseUrl::parse));
  }
}
