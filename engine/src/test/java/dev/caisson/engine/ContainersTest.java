package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.ContainerExpired;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Release;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.Tombstone;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainersTest {
  @TempDir Path root;
  private EngineFixture caisson;

  @BeforeEach
  void open() throws Exception {
    caisson = new EngineFixture(root);
  }

  @AfterEach
  void close() {
    caisson.close();
  }

  @Test
  void showsAContainerAsItWasMade() {
    Container container =
        caisson
            .engine
            .containers()
            .create(
                caisson.organization,
                new ContainerSpec(Optional.empty(), List.of(), Map.of("job", "nightly")));
    assertThat(container.status()).isEqualTo(ContainerStatus.CREATED);
    assertThat(container.image()).isEqualTo(EngineFixture.IMAGE);
    assertThat(container.labels()).containsEntry("job", "nightly");
    assertThat(container.expiresAt()).isEqualTo(container.createdAt().plus(Duration.ofDays(30)));
    assertThat(caisson.get(container.id())).isEqualTo(container);
  }

  @Test
  void showsWhetherAContainerIsWarmIdleOrReleased() throws Exception {
    ContainerId id = caisson.create().id();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      threads.execute(() -> caisson.bash(id, "until [ -e /tmp/gate ]; do sleep 0.02; done"));
      awaitRunningCell(id);
      assertThat(caisson.get(id).status()).isEqualTo(ContainerStatus.WARM);
      caisson.write(id, "/tmp/gate", "");
    }
    assertThat(caisson.get(id).status()).isEqualTo(ContainerStatus.IDLE);
    caisson.clock.advance(EngineFixture.SETTINGS.idle());
    caisson.engine.sweep();
    assertThat(caisson.get(id).status()).isEqualTo(ContainerStatus.RELEASED);
    assertThat(caisson.bash(id, "ls /tmp/gate").stdout().text()).isEqualTo("/tmp/gate\n");
  }

  @Test
  void measuresTheWorkspace() {
    ContainerId id = caisson.create().id();
    assertThat(caisson.get(id).diskBytes()).isZero();
    caisson.bash(id, "head -c 300000 /dev/urandom > /tmp/noise");
    assertThat(caisson.get(id).diskBytes()).isBetween(300_000L, 600_000L);
    caisson.clock.advance(EngineFixture.SETTINGS.idle());
    caisson.engine.sweep();
    assertThat(caisson.get(id).diskBytes()).isBetween(300_000L, 600_000L);
  }

  @Test
  void refusesAnUnknownImageByName() {
    assertThatThrownBy(() ->
            caisson
                .engine
                .containers()
                .create(
                    caisson.organization,
                    new ContainerSpec(Optional.of("nope"), List.of(), Map.of())))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("'nope'");
  }

  @Test
  void mountsFilesByTheirNames() {
    StoredFile file = caisson.upload("data with space.csv", "a,b\n1,2\n");
    Container container = caisson.createWith(file);
    assertThat(container.status()).isEqualTo(ContainerStatus.IDLE);
    assertThat(
            caisson.bash(container.id(), "cat \"$INPUT_DIR/data with space.csv\"").stdout().text())
        .isEqualTo("a,b\n1,2\n");
    assertThat(caisson.store.containers().mounts(container.id()))
        .singleElement()
        .satisfies(mount -> assertThat(mount.fileId()).isEqualTo(file.id()));
  }

  @Test
  void mountsAFileOnceAndAgainWhenItIsGone() {
    StoredFile file = caisson.upload("a.csv", "a\n");
    StoredFile sameContent = caisson.upload("a.csv", "a\n");
    ContainerId id = caisson.createWith(file).id();
    mount(id, file);
    mount(id, sameContent);
    caisson.bash(id, "rm -f $INPUT_DIR/a.csv");
    mount(id, file);
    assertThat(caisson.bash(id, "cat $INPUT_DIR/a.csv").stdout().text()).isEqualTo("a\n");
  }

  @Test
  void refusesTwoFilesOfOneName() {
    StoredFile one = caisson.upload("a.csv", "one");
    StoredFile two = caisson.upload("a.csv", "two");
    assertThatThrownBy(() -> caisson.createWith(one, two))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining(one.id().value())
        .hasMessageContaining(two.id().value())
        .hasMessageContaining("'a.csv'");
    ContainerId id = caisson.createWith(one).id();
    assertThatThrownBy(() -> mount(id, two))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("'a.csv'");
    assertThat(caisson.bash(id, "cat $INPUT_DIR/a.csv").stdout().text()).isEqualTo("one");
  }

  @Test
  void leavesNothingOfAContainerWhoseFilesCannotBeMounted() {
    StoredFile good = caisson.upload("good", "x");
    StoredFile unmountable = caisson.upload("\u00fc".repeat(200), "x");
    assertThatThrownBy(() -> caisson.createWith(good, unmountable))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("400 bytes");
    FileId unknown = FileId.next();
    assertThatThrownBy(() ->
            caisson
                .engine
                .containers()
                .create(
                    caisson.organization,
                    new ContainerSpec(Optional.empty(), List.of(good.id(), unknown), Map.of())))
        .isInstanceOf(NotFound.class)
        .hasMessageContaining(unknown.value());
    assertThat(all()).isEmpty();
    assertThat(caisson.workspaces()).isEmpty();
  }

  @Test
  void deletesAContainerWithItsWorkspace() {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "echo x > /tmp/x");
    Container deleted = caisson.engine.containers().delete(caisson.organization, id);
    assertThat(deleted.status()).isEqualTo(ContainerStatus.DELETED);
    assertThat(deleted.ended()).contains(new Ending("deleted", caisson.clock.instant()));
    assertThat(caisson.workspaces()).isEmpty();
    assertThat(caisson.get(id).status()).isEqualTo(ContainerStatus.DELETED);
    assertThat(all()).isEmpty();
    notFound(() -> caisson.bash(id, "true"));
    notFound(() -> caisson.read(id, "/tmp/x"));
    notFound(() -> caisson.engine.containers().delete(caisson.organization, id));
    notFound(() -> caisson.engine.cells().list(caisson.organization, id, PageRequest.first()));
    assertThat(all()).isEmpty();
  }

  @Test
  void cancelsTheRunningCellOfADeletedContainer() throws Exception {
    ContainerId id = caisson.create().id();
    CountDownLatch begun = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> interrupted =
          threads.submit(() -> {
            Cell cell =
                caisson
                    .engine
                    .cells()
                    .run(
                        caisson.organization,
                        id,
                        CellSpec.bash("echo go; sleep 60"),
                        (stream, text) -> begun.countDown());
            assertThat(cell.outcome())
                .isEqualTo(new CellOutcome.Killed("container_deleted", false));
            return Thread.currentThread().isInterrupted();
          });
      assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
      Future<Cell> waiting = threads.submit(() -> caisson.bash(id, "true"));
      Awaitility.await().until(() -> caisson.waiting(id) == 1);

      caisson.engine.containers().delete(caisson.organization, id);

      assertThat(interrupted.get(20, TimeUnit.SECONDS)).isFalse();
      assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(NotFound.class);
    }
    assertThat(caisson.workspaces()).isEmpty();
  }

  @Test
  void neverAnswersForAContainerPastItsRetention() throws Exception {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "echo x > /tmp/x");
    caisson.clock.advance(Duration.ofDays(30).minusMillis(1));
    assertThat(caisson.bash(id, "cat /tmp/x").stdout().text()).isEqualTo("x\n");
    caisson.clock.advance(Duration.ofMillis(1));
    for (int round = 0; round < 2; round++) {
      Container expired = caisson.get(id);
      assertThat(expired.status()).isEqualTo(ContainerStatus.EXPIRED);
      assertThat(expired.ended()).contains(new Ending("expired", expired.expiresAt()));
      assertThatThrownBy(() -> caisson.bash(id, "true"))
          .isInstanceOf(ContainerExpired.class)
          .hasMessageContaining("container_expired")
          .hasMessageContaining(id.value());
      assertThatThrownBy(() -> caisson.read(id, "/tmp/x")).isInstanceOf(ContainerExpired.class);
      assertThatThrownBy(() -> caisson.engine.containers().require(caisson.organization, id))
          .isInstanceOf(ContainerExpired.class);
      assertThatThrownBy(() -> mount(id, caisson.upload("a", "b")))
          .isInstanceOf(ContainerExpired.class);
      assertThat(all()).hasSize(1);
      assertThat(caisson.engine.cells().list(caisson.organization, id, PageRequest.first()).items())
          .hasSize(2);
      caisson.engine.sweep();
      assertThat(caisson.workspaces()).isEmpty();
    }
    caisson.engine.containers().delete(caisson.organization, id);
    assertThat(caisson.get(id).ended()).contains(new Ending("deleted", caisson.clock.instant()));
    caisson.clock.advance(EngineFixture.SETTINGS.tombstones().plusMillis(1));
    caisson.engine.sweep();
    notFound(() -> caisson.get(id));
  }

  @Test
  void remembersWhatAContainerWas() {
    ContainerId id = caisson.create().id();
    caisson.run(id, CellSpec.python("data = bytearray(50_000_000)"));
    Cell last = caisson.bash(id, "head -c 300000 /dev/urandom > /tmp/x; exit 3");
    assertThat(caisson.get(id).diskBytes()).isGreaterThan(300_000);
    caisson.engine.containers().delete(caisson.organization, id);
    assertThatThrownBy(() -> caisson.bash(id, "true"))
        .hasMessageContaining("was deleted at " + caisson.clock.instant());
    Tombstone tombstone = caisson.get(id).tombstone().orElseThrow();
    assertThat(tombstone.lastCell())
        .contains(
            new Tombstone.LastCell(last.id(), new CellOutcome.Completed(3), last.startedAt()));
    assertThat(tombstone.peakDiskBytes()).isBetween(300_000L, 1_000_000L);
    assertThat(tombstone.peakMemoryBytes()).isBetween(50_000_000L, 200_000_000L);
    assertThat(tombstone.cost().billedMillis()).as("two requests").isEqualTo(600_000);
  }

  @Test
  void saysWhyTheLastSandboxWasGivenUp() {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "true");
    assertThat(caisson.get(id).released()).isEmpty();
    caisson.clock.advance(EngineFixture.SETTINGS.idle());
    caisson.engine.sweep();
    assertThat(caisson.get(id).released())
        .contains(new Release(Release.IDLE, caisson.clock.instant()));
    assertThat(caisson.get(id).status()).isEqualTo(ContainerStatus.RELEASED);
  }

  @Test
  void leavesACellThatRunsPastTheRetentionToItsEnd() throws Exception {
    ContainerId id = caisson.create().id();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Cell> cell =
          threads.submit(
              () -> caisson.bash(id, "until [ -e /tmp/gate ]; do sleep 0.02; done; echo end"));
      awaitRunningCell(id);
      caisson.write(id, "/tmp/early", "");
      caisson.clock.advance(Duration.ofDays(31));
      caisson.engine.sweep();
      caisson
          .engine
          .warm()
          .find(id)
          .orElseThrow()
          .sandbox()
          .orElseThrow()
          .write("/tmp/gate", EngineFixture.stream(""));
      assertThat(cell.get(20, TimeUnit.SECONDS).stdout().text()).isEqualTo("end\n");
    }
    caisson.engine.sweep();
    assertThat(caisson.workspaces()).isEmpty();
  }

  @Test
  void showsNothingToAnotherOrganization() {
    ContainerId id = caisson.create().id();
    OrganizationId other = caisson.engine.organizations().create("other");
    Containers containers = caisson.engine.containers();
    String unknown = NotFound.container(id.value()).getMessage();
    assertThatThrownBy(() -> containers.get(other, id)).hasMessage(unknown);
    assertThatThrownBy(() -> containers.require(other, id)).hasMessage(unknown);
    assertThatThrownBy(() -> containers.delete(other, id)).hasMessage(unknown);
    StoredFile theirs =
        caisson
            .engine
            .files()
            .upload(other, "a", "text/plain", EngineFixture.stream("x"), Optional.empty());
    assertThatThrownBy(() -> containers.mount(caisson.bill(other), id, List.of(theirs.id())))
        .hasMessage(unknown);
    assertThatThrownBy(() -> mount(id, theirs))
        .hasMessage(NotFound.file(theirs.id().value()).getMessage());
    caisson.clock.advance(Duration.ofDays(31));
    assertThatThrownBy(() -> containers.require(other, id)).hasMessage(unknown);
    assertThat(containers.list(other, PageRequest.first()).items()).isEmpty();
  }

  @Test
  void provesThatACellCanRunAndLeavesNoTrace() {
    assertThat(caisson.engine.ready()).isTrue();
    assertThat(caisson.engine.ready()).isTrue();
    assertThat(caisson.workspaces()).isEmpty();
    assertThat(all()).isEmpty();
    assertThat(caisson.store.containers().owned()).isEmpty();
  }

  @Test
  void isNotReadyWithoutItsImage() throws Exception {
    try (EngineFixture unready =
        new EngineFixture(
            root.resolve("unready"), EngineFixture.SETTINGS.withDefaultImage("missing"))) {
      assertThat(unready.engine.ready()).isFalse();
      assertThat(unready.workspaces()).isEmpty();
    }
  }

  @Test
  void releasesEverythingWhenItCloses() throws Exception {
    Path other = root.resolve("closing");
    ContainerId id;
    Future<Cell> cell;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      EngineFixture closing = new EngineFixture(other);
      id = closing.create().id();
      CountDownLatch begun = new CountDownLatch(1);
      cell =
          threads.submit(() ->
              closing
                  .engine
                  .cells()
                  .run(
                      closing.organization,
                      id,
                      CellSpec.bash("echo x > /tmp/x; echo go; sleep 60"),
                      (stream, text) -> begun.countDown()));
      assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
      closing.close();
      assertThat(cell.get(20, TimeUnit.SECONDS).outcome())
          .isEqualTo(new CellOutcome.Killed("server_stopped", false));
    }
    try (EngineFixture reopened = new EngineFixture(other)) {
      assertThat(reopened.store.containers().owned()).isEmpty();
      assertThat(reopened.bash(id, "cat /tmp/x").stdout().text()).isEqualTo("x\n");
    }
  }

  private void awaitRunningCell(ContainerId id) {
    Awaitility.await().until(() -> caisson.store.containers().find(id).orElseThrow().cellRunning());
  }

  private void mount(ContainerId id, StoredFile file) {
    caisson.engine.containers().mount(caisson.bill(caisson.organization), id, List.of(file.id()));
  }

  private List<Container> all() {
    return caisson.engine.containers().list(caisson.organization, PageRequest.first()).items();
  }

  private static void notFound(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(NotFound.class);
  }
}
