package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@OnEveryDatabase
class OwnersTest {
  private final DatabaseKind database;
  @TempDir Path data;

  OwnersTest(DatabaseKind database) {
    this.database = database;
  }

  @Test
  void seesAnotherProcessAsLongAsItLives() throws Exception {
    try (Store store = database.open(data);
        ChildProcess other = child()) {
      String id = other.readLine();
      assertThat(store.owners().alive(id)).isTrue();
      assertThat(store.owners().pid(id)).hasValue(other.pid());

      other.kill();

      assertThat(store.owners().alive(id)).isFalse();
      assertThat(store.owners().sweep()).containsExactly(id);
      assertThat(store.owners().pid(id)).isEmpty();
    }
  }

  /** fcntl(2) drops a lock when any descriptor of the file is closed: looking must not do that. */
  @Test
  void keepsItsLockWhenItLooksForItself() throws Exception {
    try (Store one = database.open(data);
        Store two = database.open(data)) {
      assertThat(one.owners().alive(two.owner().id())).isTrue();
      assertThat(two.owners().alive(one.owner().id())).isTrue();
      assertThat(one.owners().alive(one.owner().id())).isTrue();
      assertThat(one.owners().sweep()).isEmpty();
      try (ChildProcess other = child(one.owner().id(), two.owner().id())) {
        other.readLine();
        assertThat(other.readLine()).isEqualTo("true");
        assertThat(other.readLine()).isEqualTo("true");
      }
    }
  }

  @Test
  void isDeadOnceItIsClosed() throws Exception {
    try (Store one = database.open(data)) {
      Store two = database.open(data);
      String id = two.owner().id();
      two.close();
      assertThat(one.owners().alive(id)).isFalse();
      try (var files = Files.list(data.resolve("run"))) {
        assertThat(files.map(Path::toString)).noneMatch(name -> name.contains(id));
      }
    }
  }

  @Test
  void takesAnUnknownOwnerForDead() {
    try (Store store = database.open(data)) {
      assertThat(store.owners().alive(UUID.randomUUID().toString())).isFalse();
    }
  }

  private ChildProcess child(String... owners) throws IOException {
    return OwnerMain.start(database, data, owners);
  }
}
