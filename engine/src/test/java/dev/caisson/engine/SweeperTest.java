package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Release;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.Store;
import dev.caisson.store.testing.TestDatabases;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweeperTest {
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
  void deletesAWorkspaceThatNoRowKnows() {
    ContainerId kept = caisson.create().id();
    caisson.bash(kept, "true");
    makeWorkspace(ContainerId.next());
    assertThat(caisson.workspaces()).hasSize(2);
    caisson.engine.sweep();
    assertThat(caisson.workspaces()).containsExactly(kept);
  }

  @Test
  void clearsAwayWhatADeadOwnerHadHalfMade() {
    clearsAwayOnceItsOwnerIsDead(ContainerRow.UNMADE, ContainerStatus.CREATED);
  }

  @Test
  void finishesWhatADeadOwnerHadBegunToDelete() {
    clearsAwayOnceItsOwnerIsDead("deleted", ContainerStatus.DELETED);
  }

  private void clearsAwayOnceItsOwnerIsDead(String reason, ContainerStatus state) {
    Store other = TestDatabases.open(caisson.data);
    ContainerRow row = row(other.owner().id(), reason, state);
    caisson.store.containers().insert(row);
    makeWorkspace(row.id());

    caisson.engine.sweep();
    assertThat(caisson.workspaces()).containsExactly(row.id());

    other.close();
    caisson.engine.sweep();
    assertThat(caisson.workspaces()).isEmpty();
    assertThat(caisson.store.containers().owned()).isEmpty();
  }

  @Test
  void leavesAContainerAloneThatIsInUse() {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "true");
    caisson.clock.advance(EngineFixture.SETTINGS.idle().minusMillis(1));
    caisson.engine.sweep();
    assertThat(caisson.engine.warm().find(id).orElseThrow().open()).isTrue();
  }

  @Test
  void measuresAnIdleContainerThatChanged() {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "head -c 300000 /dev/urandom > /tmp/noise");
    assertThat(listedBytes()).isZero();
    caisson.engine.sweep();
    assertThat(caisson.engine.warm().find(id).orElseThrow().open()).isTrue();
    assertThat(listedBytes()).isBetween(300_000L, 600_000L);
    assertThat(caisson.engine.warm().find(id).orElseThrow().takeChanged()).isFalse();
  }

  private long listedBytes() {
    return caisson
        .engine
        .containers()
        .list(caisson.organization, PageRequest.first())
        .items()
        .getFirst()
        .diskBytes();
  }

  @Test
  void forgetsContainersThatAreNotWarm() {
    for (int i = 0; i < 3; i++) {
      caisson.bash(caisson.create().id(), "true");
    }
    assertThat(caisson.engine.warm().all()).hasSize(3);
    caisson.clock.advance(EngineFixture.SETTINGS.idle());
    caisson.engine.sweep();
    assertThat(caisson.engine.warm().all()).isEmpty();
    assertThat(caisson.store.containers().owned()).isEmpty();
  }

  @Test
  void leavesTheExpiredContainersOfALivingOwner() {
    try (Store other = TestDatabases.open(caisson.data)) {
      Container container = caisson.create();
      makeWorkspace(container.id());
      caisson
          .store
          .containers()
          .claim(
              container.id(),
              Optional.empty(),
              0,
              other.owner().id(),
              new Release("x", caisson.clock.instant()));
      caisson.clock.advance(Duration.ofDays(31));
      caisson.engine.sweep();
      assertThat(caisson.workspaces()).containsExactly(container.id());
    }
    caisson.engine.sweep();
    assertThat(caisson.workspaces()).isEmpty();
  }

  @Test
  void deletesNothingForItsAgeWhileTheClockIsNotToBeBelieved() throws Exception {
    Duration grace = Duration.ofHours(1);
    try (EngineFixture careful =
        new EngineFixture(root.resolve("careful"), EngineFixture.SETTINGS.withClockGrace(grace))) {
      ContainerId id = careful.create().id();
      careful.bash(id, "echo kept > file");
      Duration jump = Duration.ofDays(40);
      careful.clock.advance(jump);
      careful.engine.sweep();
      assertThat(careful.get(id).status()).isEqualTo(ContainerStatus.EXPIRED);
      assertThat(careful.workspaces()).containsExactly(id);

      careful.clock.advance(jump.negated());
      careful.engine.sweep();
      assertThat(careful.bash(id, "cat file").stdout().text()).isEqualTo("kept\n");

      careful.clock.advance(jump);
      careful.engine.sweep();
      careful.clock.advance(grace);
      careful.nanos.addAndGet(grace.toNanos());
      careful.engine.sweep();
      assertThat(careful.workspaces()).isEmpty();
    }
  }

  @Test
  void isDoneByItselfOnceInAWhile() throws Exception {
    try (EngineFixture busy =
        new EngineFixture(
            root.resolve("busy"),
            EngineFixture.SETTINGS
                .withSweepEvery(Duration.ofMillis(20))
                .withIdle(Duration.ofSeconds(1)))) {
      ContainerId id = busy.create().id();
      busy.bash(id, "true");
      busy.clock.advance(Duration.ofSeconds(1));
      org.awaitility.Awaitility.await().until(() -> busy.engine.warm().find(id).isEmpty());
    }
  }

  private void makeWorkspace(ContainerId id) {
    caisson.sandboxes.open(id, 1, EngineFixture.IMAGE, EngineFixture.SETTINGS.limits()).close();
  }

  private ContainerRow row(String owner, String reason, ContainerStatus state) {
    return new ContainerRow(
        ContainerId.next(),
        caisson.organization,
        EngineFixture.IMAGE,
        Map.of(),
        caisson.clock.instant(),
        caisson.clock.instant().plus(Duration.ofDays(30)),
        caisson.clock.instant(),
        0,
        Optional.of(owner),
        1,
        Optional.of(new Ending(reason, caisson.clock.instant())),
        false,
        state,
        Optional.empty(),
        ContainerRow.Peaks.NONE);
  }
}
