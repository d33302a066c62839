package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.OrganizationId;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@OnEveryDatabase
class DatabaseTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  private final DatabaseKind database;
  @TempDir Path data;

  DatabaseTest(DatabaseKind database) {
    this.database = database;
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
  void letsSeveralProcessesMigrateAtOnce() throws Exception {
    ChildProcess[] children = new ChildProcess[3];
    for (int i = 0; i < children.length; i++) {
      children[i] = OwnerMain.start(database, data);
    }
    for (ChildProcess child : children) {
      assertThat(child.readLine()).hasSize(36);
      child.kill();
    }
  }

  @Test
  void letsManyWritersOfTwoConnectionsThrough() {
    try (Store one = database.open(data);
        Store two = database.open(data)) {
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

  @Test
  void keepsNulOutOfTexts() {
    try (Store store = database.open(data)) {
      assertThatThrownBy(() -> store.organizations().create("a\0b", NOW))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("NUL");
      assertThatThrownBy(() -> store.keys().findByHash("a\0b")).isInstanceOf(InvalidRequest.class);
      store.organizations().create("the next one works", NOW);
    }
  }

  @Test
  void keepsOtherTextsAsTheyAre() {
    String text = "a\n\\ ' \" \u0001 \uD83D\uDE00 \u2028 \uFFFF";
    try (Store store = database.open(data)) {
      OrganizationId organization = store.organizations().oldest(NOW);
      ContainerRow row = StoreTest.container(organization, java.util.Map.of(text, text));
      store.containers().insert(row);
      assertThat(store.containers().find(row.id())).contains(row);
    }
  }
}
