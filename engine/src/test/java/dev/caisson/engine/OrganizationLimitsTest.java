package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CaissonException.OverQuota;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.OutputListener;
import dev.caisson.store.Store;
import dev.caisson.store.testing.TestDatabases;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an organization may have and do, and what happens at its limits. */
class OrganizationLimitsTest {
  private static final String HOLD =
      "touch /tmp/runs; until [ -e /tmp/go ]; do sleep 0.02; done; echo done";

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
  void ofManyContainersAtOnceOnlySoManyAreMade() throws Exception {
    limit(OrganizationLimit.CONTAINERS, 5);
    AtomicInteger refused = new AtomicInteger();
    atOnce(
        12,
        () -> {
          try {
            return caisson.create();
          } catch (OverQuota e) {
            refused.incrementAndGet();
            assertThat(e)
                .hasMessageContaining(caisson.organization.value())
                .hasMessageContaining("5 containers are alive, which is its limit (containers)");
            assertThat(e.relief()).contains(expiry());
            return e;
          }
        });
    assertThat(refused).hasValue(7);
    assertThat(caisson.store.containers().alive(caisson.organization)).isEqualTo(5);
  }

  private java.time.Instant expiry() {
    return caisson.store.containers().firstExpiry(caisson.organization).orElseThrow();
  }

  @Test
  void whatHasEndedMakesRoomAndAContainerThatFailsToBeMadeTakesNone() {
    limit(OrganizationLimit.CONTAINERS, 1);
    ContainerId first = caisson.create().id();
    assertThatThrownBy(caisson::create).isInstanceOf(OverQuota.class);
    assertThatThrownBy(() -> caisson.createWith(caisson.upload("a.txt", "a")))
        .isInstanceOf(OverQuota.class);
    caisson.engine.containers().delete(caisson.organization, first);
    ContainerId second = caisson.createWith(caisson.upload("b.txt", "b")).id();
    caisson.clock.advance(EngineFixture.SETTINGS.retention().plusSeconds(1));
    caisson.engine.sweep();
    assertThat(caisson.get(second).status()).isEqualTo(ContainerStatus.EXPIRED);
    caisson.create();
    // Another organization has a limit of its own.
    OrganizationId other = caisson.engine.organizations().create("other");
    caisson.engine.containers().create(other, ContainerSpec.DEFAULT);
    caisson.engine.containers().create(other, ContainerSpec.DEFAULT);
  }

  @Test
  void ofManyUploadsAtOnceOnlySoManyBytesAreKept() throws Exception {
    limit(OrganizationLimit.STORAGE, 50);
    AtomicInteger refused = new AtomicInteger();
    atOnce(
        12,
        () -> {
          try {
            return caisson.upload("ten.txt", "0123456789");
          } catch (InvalidRequest e) {
            refused.incrementAndGet();
            assertThat(e.detail()).contains("storage_quota_exceeded");
            return e;
          }
        });
    assertThat(refused).hasValue(7);
    assertThat(caisson.store.files().storedBytes(caisson.organization)).isEqualTo(50);
  }

  @Test
  void outputsOverTheLimitAreNamedAndLeft() {
    ContainerId container = caisson.create().id();
    limit(OrganizationLimit.STORAGE, 10);
    Cell cell =
        caisson.bash(container, "printf 1234 > $OUTPUT_DIR/a; printf 1234567 > $OUTPUT_DIR/b");
    assertThat(cell.outputs()).isEmpty();
    assertThat(cell.stderr().text()).contains("outputs: none was stored").contains("10B");
    assertThat(caisson.bash(container, "cat /files/output/*/a").stdout().text()).isEqualTo("1234");
    Cell small = caisson.bash(container, "printf 1234 > $OUTPUT_DIR/a");
    assertThat(small.outputs()).hasSize(1);
  }

  @Test
  void theLongestIdleContainerGivesItsPlaceAmongTheWarmOnes() {
    limit(OrganizationLimit.WARM, 2);
    ContainerId first = caisson.create().id();
    ContainerId second = caisson.create().id();
    ContainerId third = caisson.create().id();
    caisson.bash(first, "echo 1 > /tmp/x");
    caisson.clock.advance(Duration.ofSeconds(1));
    caisson.bash(second, "true");
    caisson.clock.advance(Duration.ofSeconds(1));
    caisson.bash(first, "true");
    caisson.clock.advance(Duration.ofSeconds(1));
    caisson.bash(third, "true");
    assertThat(caisson.get(first).status()).isEqualTo(ContainerStatus.IDLE);
    assertThat(caisson.get(second).status()).isEqualTo(ContainerStatus.RELEASED);
    assertThat(caisson.get(third).status()).isEqualTo(ContainerStatus.IDLE);
    // What was released comes back with its files, and somebody else goes.
    caisson.bash(second, "true");
    assertThat(caisson.get(first).status()).isEqualTo(ContainerStatus.RELEASED);
    assertThat(caisson.bash(first, "cat /tmp/x").stdout().text()).isEqualTo("1\n");
    // Another organization's containers count for it alone.
    OrganizationId other = caisson.engine.organizations().create("other");
    ContainerId theirs = caisson.engine.containers().create(other, ContainerSpec.DEFAULT).id();
    caisson.engine.cells().run(other, theirs, CellSpec.bash("true"), OutputListener.NONE);
    assertThat(warm()).isEqualTo(2);
  }

  @Test
  void onlyWhereAllWarmContainersWorkIsAnotherRefused() throws Exception {
    limit(OrganizationLimit.WARM, 1);
    ContainerId busy = caisson.create().id();
    ContainerId waiting = caisson.create().id();
    CompletableFuture<Cell> running =
        CompletableFuture.supplyAsync(() -> caisson.bash(busy, HOLD), Thread::startVirtualThread);
    awaitRunning(busy);
    assertThatThrownBy(() -> caisson.bash(waiting, "true"))
        .isInstanceOfSatisfying(
            Busy.class,
            e -> {
              assertThat(e).hasMessageContaining("all of the 1 containers");
              assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(1));
            });
    assertThat(caisson.get(waiting).status()).isEqualTo(ContainerStatus.RELEASED);
    caisson.write(busy, "/tmp/go", "");
    assertThat(running.get().stdout().text()).isEqualTo("done\n");
    assertThat(caisson.bash(waiting, "echo now").stdout().text()).isEqualTo("now\n");
  }

  @Test
  void oneCellTooManyIsRefusedWhileOthersRunOrWait() throws Exception {
    limit(OrganizationLimit.CELLS, 2);
    ContainerId container = caisson.create().id();
    CompletableFuture<Cell> running =
        CompletableFuture.supplyAsync(
            () -> caisson.bash(container, HOLD), Thread::startVirtualThread);
    awaitRunning(container);
    CompletableFuture<Cell> queued =
        CompletableFuture.supplyAsync(
            () -> caisson.bash(container, "echo next"), Thread::startVirtualThread);
    ContainerId another = caisson.create().id();
    Awaitility.await()
        .until(() -> {
          try {
            caisson.bash(another, "true");
            return false;
          } catch (Busy e) {
            assertThat(e).hasMessageContaining("2 cells are under way already");
            return true;
          }
        });
    OrganizationId other = caisson.engine.organizations().create("other");
    ContainerId theirs = caisson.engine.containers().create(other, ContainerSpec.DEFAULT).id();
    caisson.engine.cells().run(other, theirs, CellSpec.bash("true"), OutputListener.NONE);
    caisson.write(container, "/tmp/go", "");
    assertThat(running.get().stdout().text()).isEqualTo("done\n");
    assertThat(queued.get().stdout().text()).isEqualTo("next\n");
    assertThat(caisson.bash(another, "echo free").stdout().text()).isEqualTo("free\n");
  }

  @Test
  void aLimitThatAnotherProcessSetsIsInForceWithinASecond() {
    assertThat(caisson.engine.organizations().limits(caisson.organization))
        .isEqualTo(EngineFixture.SETTINGS.organizations());
    try (Store another = TestDatabases.open(caisson.data)) {
      another
          .organizations()
          .setLimits(caisson.organization, Map.of(OrganizationLimit.CONTAINERS, Optional.of(0L)));
    }
    caisson.clock.advance(Duration.ofSeconds(1));
    assertThatThrownBy(caisson::create).isInstanceOf(OverQuota.class);
    caisson
        .engine
        .organizations()
        .set(caisson.organization, Map.of(OrganizationLimit.CONTAINERS, Optional.empty()));
    caisson.create();
  }

  @Test
  void organizationsAreFoundByNameAndId() {
    OrganizationId acme = caisson.engine.organizations().create("acme");
    assertThat(caisson.engine.organizations().find("acme").id()).isEqualTo(acme);
    assertThat(caisson.engine.organizations().find(acme.value()).name()).isEqualTo("acme");
    assertThatThrownBy(() -> caisson.engine.organizations().find("ACME"))
        .isInstanceOf(NotFound.class)
        .hasMessageContaining("`ACME`");
    assertThatThrownBy(() -> caisson.engine.organizations().create("acme"))
        .isInstanceOf(Conflict.class);
    for (String bad : List.of("", " ", "a\nb", "org_1", "x".repeat(256))) {
      assertThatThrownBy(() -> caisson.engine.organizations().create(bad))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageStartingWith("name: ");
    }
    for (OrganizationLimit limit : OrganizationLimit.values()) {
      assertThatThrownBy(() -> limit(limit, -1)).isInstanceOf(InvalidRequest.class);
    }
    assertThat(caisson.engine.organizations().list()).hasSize(2);
  }

  private void limit(OrganizationLimit limit, long value) {
    caisson.engine.organizations().set(caisson.organization, Map.of(limit, Optional.of(value)));
  }

  private long warm() {
    return caisson.engine.warm().all().stream()
        .filter(one -> one.countsFor(caisson.organization))
        .count();
  }

  private void awaitRunning(ContainerId container) {
    Awaitility.await()
        .until(() ->
            caisson.engine.workspaces().list(caisson.organization, container, "/tmp").stream()
                .anyMatch(entry -> entry.path().equals("/tmp/runs")));
  }

  private static void atOnce(int threads, Callable<?> work) throws Exception {
    CyclicBarrier start = new CyclicBarrier(threads);
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < threads; i++) {
        all.add(
            executor.submit(() -> {
              start.await();
              return work.call();
            }));
      }
    }
    for (Future<?> one : all) {
      one.get();
    }
  }
}
