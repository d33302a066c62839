package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.OrganizationId;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

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
  void knowsTheNewestOfItsMigrations() throws Exception {
    URI migrations = Objects.requireNonNull(Schema.class.getResource("migration/common")).toURI();
    try (var files = Files.list(Path.of(migrations))) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .mapToInt(name -> Integer.parseInt(name.substring(1, name.indexOf("__"))))
                  .max())
          .hasValue(Schema.VERSION);
    }
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

  @Test
  void letsSeveralProcessesMigrateAtOnce() throws Exception {
    ChildProcess[] children = new ChildProcess[3];
    for (int i = 0; i < children.length; i++) {
      children[i] = ChildProcess.start(OwnerMain.class, data.toString());
    }
    for (ChildProcess child : children) {
      assertThat(child.readLine()).hasSize(36);
      child.kill();
    }
  }

  @Test
  void letsManyWritersOfTwoConnectionsThrough() {
    try (Store one = Store.open(data);
        Store two = Store.open(data)) {
      OrganizationId organization = one.organizations().oldest(NOW);
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        IntStream.range(0, 200)
            .forEach(i ->
                threads.execute(() ->
                    (i % 2 == 0 ? one : two)
                        .containers()
                        .insert(StoreTest.container(organization))));
      }
      var page =
          one.containers()
              .list(
                  organization,
                  new dev.caisson.domain.PageRequest(1000, java.util.Optional.empty()));
      assertThat(page.items()).hasSize(200);
    }
  }
}
