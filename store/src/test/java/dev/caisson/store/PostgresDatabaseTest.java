package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Unavailable;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.PageRequest;
import dev.caisson.store.testing.TemporaryPostgres;
import dev.caisson.store.testing.TestDatabases;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("postgres")
class PostgresDatabaseTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir Path data;
  private TemporaryPostgres server;

  @BeforeEach
  void needServer() {
    assumeTrue(TemporaryPostgres.programs().isPresent(), TestDatabases.NEED);
    server = TestDatabases.server();
  }

  @Test
  void refusesAWrongPasswordWithoutShowingIt() {
    assertUnfit(server.url("not the password", "postgres"), "password authentication failed");
  }

  @Test
  void refusesADatabaseThatDoesNotExist() {
    assertUnfit(server.url(TemporaryPostgres.PASSWORD, "nowhere"), "\"nowhere\" does not exist");
  }

  @Test
  void refusesAServerThatDoesNotAnswer() {
    assertUnfit("postgres://u:not%20the%20password@127.0.0.1:1/caisson", "cannot be reached");
  }

  @Test
  void refusesADatabaseOfANewerCaisson() {
    String url = TestDatabases.postgres(data);
    server.execute(
        name(url),
        """
        INSERT INTO flyway_schema_history (
          installed_rank, version, description, type, script, installed_by, execution_time, success)
        VALUES (99, '99', 'from the future', 'SQL', 'V99__x.sql', '', 0, true)
        """);
    assertUnfit(url, "version 99", "newer Caisson");
    server.execute(name(url), "DELETE FROM flyway_schema_history WHERE installed_rank = 99");
  }

  @Test
  void refusesAServerThatIsTooOld() throws Exception {
    try (OldServer old = OldServer.before(server)) {
      assertUnfit(old.url(), "PostgreSQL 13.4", "15 or newer is needed");
    }
  }

  @Test
  void refusesAUserWhoMayNotMakeTables() {
    String url = server.newDatabase();
    server.execute(name(url), "DROP ROLE IF EXISTS guest");
    server.execute(name(url), "CREATE ROLE guest LOGIN PASSWORD 'not the password'");
    assertUnfit(
        server.url("not the password", name(url)).replace("//" + TemporaryPostgres.USER, "//guest"),
        "cannot be brought to schema version",
        "permission denied");
  }

  private void assertUnfit(String url, String... parts) {
    assertThatThrownBy(() -> open(data, url))
        .isInstanceOf(HostUnfit.class)
        .message()
        .contains("database postgres://")
        .contains(parts)
        .doesNotContain("not the password")
        .doesNotContain(TemporaryPostgres.PASSWORD);
  }

  @Test
  void letsSeveralMigrateOneDatabaseAtOnce() throws Exception {
    String url = server.newDatabase();
    DatabaseUrl parsed = DatabaseUrl.parse(url);
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Callable<Boolean>> tasks = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        tasks.add(() -> {
          PostgresDatabase.open(parsed).close();
          return true;
        });
      }
      for (Future<Boolean> task : threads.invokeAll(tasks)) {
        assertThat(task.get()).isTrue();
      }
    }
  }

  /** The order of a list and the one test of names must not hang on the server's language. */
  @Test
  void comparesTextsByteByByte() {
    String url = TestDatabases.postgres(data);
    try (Store store = open(data, url)) {
      assertThat(store.organizations().oldest(NOW)).isNotNull();
    }
    PostgresDatabase database = PostgresDatabase.open(DatabaseUrl.parse(url));
    try {
      List<String> other =
          database.read(handle ->
              handle
                  .createQuery(
                      """
                      SELECT table_name || '.' || column_name FROM information_schema.columns
                      WHERE table_schema = current_schema() AND data_type = 'text'
                        AND COALESCE(collation_name, '') <> 'C'
                        AND table_name <> 'flyway_schema_history'
                      """)
                  .mapTo(String.class)
                  .list());
      assertThat(other).isEmpty();
    } finally {
      database.close();
    }
  }

  @Test
  void worksAgainAfterItsConnectionsWereCut() {
    String url = TestDatabases.postgres(data);
    try (Store store = open(data, url)) {
      OrganizationId organization = store.organizations().oldest(NOW);
      PostgresDatabase database = PostgresDatabase.open(DatabaseUrl.parse(url));
      try {
        assertThatThrownBy(() ->
                database.change(handle -> {
                  insert(handle, "lost");
                  cutConnections(url);
                  insert(handle, "lost too");
                }))
            .isInstanceOf(Unavailable.class)
            .hasMessageContaining("cannot be reached");
        database.change(handle -> insert(handle, "kept"));
        assertThat(names(database)).contains("kept").doesNotContain("lost", "lost too");
      } finally {
        database.close();
      }
      ContainerRow row = StoreTest.container(organization);
      store.containers().insert(row);
      assertThat(store.containers().find(row.id())).contains(row);
    }
  }

  /** Everybody who waits shares one finding: none waits for those before him as well. */
  @Test
  void failsAllWhoWaitSoonWhenTheServerIsAway() throws Exception {
    try (Store store = open(data, TestDatabases.postgres(data))) {
      OrganizationId organization = store.organizations().oldest(NOW);
      server.crash();
      try {
        long started = System.nanoTime();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
          List<Callable<Boolean>> tasks =
              IntStream.range(0, 50)
                  .<Callable<Boolean>>mapToObj(
                      i -> () -> failsAsUnavailable(store, organization, i % 2 == 0))
                  .toList();
          for (Future<Boolean> task : threads.invokeAll(tasks)) {
            assertThat(task.get()).isTrue();
          }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - started))
            .isLessThan(Duration.ofSeconds(30));
      } finally {
        server.restart();
      }
      // The pool looks for the server again at intervals that grow up to five seconds.
      ContainerRow row = StoreTest.container(organization);
      await()
          .atMost(Duration.ofSeconds(20))
          .ignoreExceptionsInstanceOf(Unavailable.class)
          .untilAsserted(() -> store.containers().insert(row));
      assertThat(store.containers().find(row.id())).contains(row);
      assertThat(store.owners().alive(store.owner().id())).isTrue();
    }
  }

  private static boolean failsAsUnavailable(
      Store store, OrganizationId organization, boolean write) {
    try {
      if (write) {
        store.containers().insert(StoreTest.container(organization));
      } else {
        store.containers().list(organization, PageRequest.first());
      }
      return false;
    } catch (Unavailable e) {
      return true;
    }
  }

  /** Java closes the socket of a virtual thread that is interrupted while it reads. */
  @Test
  void finishesATransactionOfAThreadThatIsInterrupted() throws Exception {
    try (Store store = open(data, TestDatabases.postgres(data))) {
      OrganizationId organization = store.organizations().oldest(NOW);
      ContainerRow row = StoreTest.container(organization);
      CountDownLatch done = new CountDownLatch(1);
      boolean[] interrupted = new boolean[1];
      Thread thread =
          Thread.ofVirtual()
              .start(() -> {
                Thread.currentThread().interrupt();
                store.containers().insert(row);
                interrupted[0] = Thread.interrupted();
                done.countDown();
              });
      done.await();
      thread.join();
      assertThat(interrupted[0]).isTrue();
      assertThat(store.containers().find(row.id())).contains(row);
    }
  }

  @Test
  void bindsADatabaseToOneDataDirectory(@TempDir Path other) {
    String url = TestDatabases.postgres(data);
    open(data, url).close();
    open(data, url).close();

    assertThatThrownBy(() -> open(other, url))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("belongs to data directory " + data)
        .hasMessageContaining(other + " is another one");
    assertThat(other.resolve("database")).doesNotExist();
    assertThatThrownBy(() -> Store.open(data))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("set CAISSON_DATABASE_URL");
    assertThat(data.resolve("caisson.db")).doesNotExist();
    assertThatThrownBy(() -> open(data, server.newDatabase()))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("is new, and data directory");
  }

  @Test
  void takesNoDirectoryThatHasADatabaseFile() {
    Store.open(data).close();
    assertThatThrownBy(() -> open(data, TestDatabases.postgres(data)))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("caisson.db");
    Store.open(data).close();
  }

  /** What a death between the mark in the directory and the row in the database leaves. */
  @Test
  void finishesABindingThatWasBegun() throws Exception {
    String url = TestDatabases.postgres(data);
    Files.writeString(data.resolve("database"), "an-id\npostgres://elsewhere/x\nbegun\n");
    open(data, url).close();
    open(data, url).close();
  }

  private static Store open(Path data, String url) {
    return Store.open(DataDirectory.open(data), Optional.of(DatabaseUrl.parse(url)));
  }

  private static String name(String url) {
    return url.substring(url.lastIndexOf('/') + 1);
  }

  private void cutConnections(String url) {
    server.execute(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"
            + name(url)
            + "'");
  }

  private static void insert(org.jdbi.v3.core.Handle handle, String name) {
    handle
        .createUpdate("INSERT INTO organizations (id, name, created_at) VALUES (:name, :name, 0)")
        .bind("name", name)
        .execute();
  }

  private static List<String> names(Database database) {
    return database.read(
        handle -> handle.createQuery("SELECT name FROM organizations").mapTo(String.class).list());
  }
}
