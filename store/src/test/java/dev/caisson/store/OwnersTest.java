package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnersTest {
  @TempDir Path data;

  @Test
  void seesAnotherProcessAsLongAsItLives() throws Exception {
    try (Store store = Store.open(data);
        ChildProcess other = ChildProcess.start(OwnerMain.class, data.toString())) {
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
    try (Store one = Store.open(data);
        Store two = Store.open(data)) {
      assertThat(one.owners().alive(two.owner().id())).isTrue();
      assertThat(two.owners().alive(one.owner().id())).isTrue();
      assertThat(one.owners().alive(one.owner().id())).isTrue();
      assertThat(one.owners().sweep()).isEmpty();
      try (ChildProcess other =
          ChildProcess.start(
              OwnerMain.class, data.toString(), one.owner().id(), two.owner().id())) {
        other.readLine();
        assertThat(other.readLine()).isEqualTo("true");
        assertThat(other.readLine()).isEqualTo("true");
      }
    }
  }

  @Test
  void isDeadOnceItIsClosed() throws Exception {
    try (Store one = Store.open(data)) {
      Store two = Store.open(data);
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
    try (Store store = Store.open(data)) {
      assertThat(store.owners().alive(UUID.randomUUID().toString())).isFalse();
    }
  }
}
