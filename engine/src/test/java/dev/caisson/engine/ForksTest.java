package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CaissonException.OverQuota;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellChanges;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Fork;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.StoredFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a fork has of its original, and what is left of one that fails. */
class ForksTest {
  @TempDir Path directory;
  private EngineFixture fixture;

  @BeforeEach
  void open() throws Exception {
    fixture = new EngineFixture(directory);
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private Fork fork(ContainerId id) {
    return fixture.engine.forks().fork(fixture.organization, id, Optional.empty());
  }

  @Test
  void hasFilesVariablesMountsAndLabelsOfItsOriginalAndALifeOfItsOwn() {
    StoredFile input = fixture.upload("input.csv", "a,b\n");
    Container original = fixture.createWith(input);
    fixture.python(original.id(), "x = 41\nopen('/tmp/a', 'w').write('from the original')");
    fixture.clock.advance(Duration.ofDays(1));
    Fork fork = fork(original.id());
    ContainerId id = fork.container().id();
    assertThat(fork.from()).isEqualTo(original.id());
    assertThat(fork.skippedCount()).isZero();
    assertThat(fork.container().expiresAt())
        .isEqualTo(original.expiresAt().plus(Duration.ofDays(1)));
    assertThat(fork.container().image()).isEqualTo(original.image());
    fixture.bash(original.id(), "echo changed > /tmp/a");
    Cell cell =
        fixture.python(
            id, "print(x + 1, open('/tmp/a').read(), open('/files/input/input.csv').read())");
    assertThat(cell.stdout().text()).isEqualTo("42 from the original a,b\n\n");
    assertThat(cell.stderr().text()).isEmpty();
    fixture.engine.containers().delete(fixture.organization, original.id());
    assertThat(fixture.bash(id, "cat /tmp/a").stdout().text()).isEqualTo("from the original");
    // Mounted already: the same file again is no conflict, another of its name is one.
    fixture.engine.containers().mount(fixture.bill(fixture.organization), id, List.of(input.id()));
    StoredFile other = fixture.upload("input.csv", "something else");
    assertThatThrownBy(() ->
            fixture
                .engine
                .containers()
                .mount(fixture.bill(fixture.organization), id, List.of(other.id())))
        .isInstanceOf(CaissonException.InvalidRequest.class);
  }

  @Test
  void knowsTheFilesThatItBeganWith() {
    Container original = fixture.create();
    fixture.bash(original.id(), "echo 1 > /tmp/kept; echo 2 > /tmp/changed");
    ContainerId id = fork(original.id()).container().id();
    Cell cell = fixture.bash(id, "echo 3 > /tmp/changed; echo 4 > /tmp/new");
    assertThat(cell.changes()).isInstanceOf(CellChanges.Known.class);
    CellChanges.Known changes = (CellChanges.Known) cell.changes();
    assertThat(changes.created()).extracting("path").containsExactly("/tmp/new");
    assertThat(changes.modified()).extracting("path").containsExactly("/tmp/changed");
    assertThat(changes.unattributed()).isEmpty();
  }

  @Test
  void isMadeOfAContainerWithoutASandboxAndOfOneThatNeverHadAny() {
    Container original = fixture.create();
    Fork empty = fork(original.id());
    assertThat(empty.files()).isZero();
    assertThat(fixture.bash(empty.container().id(), "ls /tmp").stdout().text()).isEmpty();
    fixture.python(original.id(), "x = 1\nopen('/tmp/a', 'w').write('kept')");
    fixture.clock.advance(Duration.ofMinutes(6));
    fixture.engine.sweep();
    assertThat(fixture.get(original.id()).status()).isEqualTo(ContainerStatus.RELEASED);
    Fork fork = fork(original.id());
    assertThat(fork.files()).isPositive();
    assertThat(fixture.get(original.id()).status()).isEqualTo(ContainerStatus.RELEASED);
    assertThat(fixture.python(fork.container().id(), "print(x, open('/tmp/a').read())").stdout())
        .extracting("text")
        .isEqualTo("1 kept\n");
  }

  @Test
  void waitsForTheCellThatRuns() throws Exception {
    Container original = fixture.create();
    fixture.bash(original.id(), "true");
    FutureTask<Cell> running =
        new FutureTask<>(() ->
            fixture.bash(original.id(), "touch /tmp/begun; sleep 1; echo whole > /tmp/result"));
    Thread.ofVirtual().start(running);
    await(() -> fixture.get(original.id()).status() == ContainerStatus.WARM);
    ContainerId id = fork(original.id()).container().id();
    assertThat(fixture.bash(id, "cat /tmp/result").stdout().text()).isEqualTo("whole\n");
    running.get(30, TimeUnit.SECONDS);
  }

  @Test
  void leavesNothingWhenItsCallerGivesUp() throws Exception {
    Container original = fixture.create();
    fixture.run(
        original.id(),
        CellSpec.python(
            """
            import os
            for i in range(4000):
                open("/tmp/%d" % i, "w").close()
            """));
    FutureTask<Fork> forking = new FutureTask<>(() -> fork(original.id()));
    Thread caller = Thread.ofVirtual().start(forking);
    await(() -> fixture.store.containers().alive(fixture.organization) == 2);
    caller.interrupt();
    assertThatThrownBy(() -> forking.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(CaissonException.Internal.class);
    assertThat(fixture.store.containers().alive(fixture.organization)).isEqualTo(1);
    assertThat(fixture.sandboxes.workspaces()).containsExactly(original.id());
    assertThat(fixture.bash(original.id(), "ls /tmp | wc -l").stdout().text()).isEqualTo("4000\n");
  }

  @Test
  void countsAmongTheContainersOfItsOrganization() {
    Container original = fixture.create();
    fixture
        .engine
        .organizations()
        .set(fixture.organization, Map.of(OrganizationLimit.CONTAINERS, Optional.of(1L)));
    assertThatThrownBy(() -> fork(original.id())).isInstanceOf(OverQuota.class);
  }

  @Test
  void isRefusedForADeletedAnUnknownAndAForeignOne() {
    Container original = fixture.create();
    OrganizationId other = fixture.engine.organizations().create("others");
    assertThatThrownBy(
            () -> fixture.engine.forks().fork(other, original.id(), Optional.of(Map.of())))
        .isInstanceOf(NotFound.class);
    fixture.engine.containers().delete(fixture.organization, original.id());
    assertThatThrownBy(() -> fork(original.id())).isInstanceOf(NotFound.class);
    assertThatThrownBy(() -> fork(ContainerId.next())).isInstanceOf(NotFound.class);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
    }
  }
}
