package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.HostUnfit;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteDatabaseTest {

  @TempDir Path data;

  @Test
  void refusesAFileThatIsNoDatabase() throws Exception {
    Path file = Files.writeString(data.resolve("caisson.db"), "not a database\n".repeat(100));
    assertThatThrownBy(() -> Store.open(data))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("damaged");
  }

  @Test
  void refusesADamagedDatabase() throws Exception {
    Store.open(data).close();
    try (RandomAccessFile file = new RandomAccessFile(data.resolve("caisson.db").toFile(), "rw")) {
      byte[] noise = new byte[3000];
      java.util.Arrays.fill(noise, (byte) 0xa5);
      file.seek(50);
      file.write(noise);
    }
    assertThatThrownBy(() -> Store.open(data))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("caisson.db")
        .hasMessageContaining("damaged");
  }

  @Test
  void refusesADatabaseOfANewerCaisson() throws Exception {
    Store.open(data).close();
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + data.resolve("caisson.db"));
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO flyway_schema_history (
            installed_rank, version, description, type, script, installed_by, execution_time,
            success)
          VALUES (99, '99', 'from the future', 'SQL', 'V99__x.sql', '', 0, 1)
          """);
    }
    assertThatThrownBy(() -> Store.open(data))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("caisson.db")
        .hasMessageContaining("version 99")
        .hasMessageContaining("newer Caisson");
  }

  @Test
  void loadsNoMigrationToolWhenTheSchemaFits() throws Exception {
    try (ChildProcess child = ChildProcess.start(LoadedClassesMain.class, data.toString())) {
      assertThat(child.readLine()).isEqualTo("flyway loaded: true");
    }
    try (ChildProcess child = ChildProcess.start(LoadedClassesMain.class, data.toString())) {
      assertThat(child.readLine()).isEqualTo("flyway loaded: false");
    }
  }
}
