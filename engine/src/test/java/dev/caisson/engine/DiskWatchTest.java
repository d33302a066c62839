package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.sandbox.DiskWall;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cells and writes that take more disk than there is, where no wall of the kernel's stands. */
class DiskWatchTest {
  private static final ByteSize LIMIT = ByteSize.ofMebibytes(8);
  private static final EngineSettings SETTINGS =
      EngineFixture.SETTINGS
          .withLimits(EngineFixture.SETTINGS.limits().withDisk(LIMIT))
          .withDisk(new DiskSettings(ByteSize.ofMebibytes(1), Duration.ofMillis(20)));

  /** Several files: one alone is held by the kernel even here. */
  private static final String FILL =
      "for i in 1 2 3 4; do head -c 3M /dev/zero > /tmp/fill$i; done; sleep 20; echo end";

  @TempDir Path root;

  private EngineFixture caisson;

  @BeforeEach
  void open() throws IOException {
    caisson = new EngineFixture(root, SETTINGS, DiskWall.WATCHDOG);
  }

  @AfterEach
  void close() {
    caisson.close();
  }

  @Test
  void endsACellThatPassesItsContainersLimitAndSaysByHowMuch() {
    ContainerId id = caisson.create().id();

    Cell cell = caisson.bash(id, FILL);

    assertThat(cell.outcome()).isEqualTo(new CellOutcome.Killed("disk_full", false));
    assertThat(cell.stderr().text())
        .containsPattern(
            "disk_full: the container's files take 1?[0-9].[0-9]MiB, more than its disk limit of"
                + " 8MiB; the cell was ended");
    assertThat(cell.stdout().text()).doesNotContain("end");
  }

  @Test
  void letsCodeOfAFullContainerClearUpButAddNothing() {
    ContainerId id = caisson.create().id();
    caisson.bash(id, FILL);

    Cell looked = caisson.bash(id, "sleep 0.3; ls /tmp | wc -l");
    Cell added = caisson.bash(id, "head -c 2M /dev/zero > /tmp/more; sleep 20");
    Cell cleared = caisson.bash(id, "rm /tmp/fill* /tmp/more; sleep 0.3; echo cleared");
    Cell after = caisson.bash(id, "head -c 2M /dev/zero > /tmp/new; sleep 0.3; echo fits");

    assertThat(looked.outcome()).isEqualTo(new CellOutcome.Completed(0));
    assertThat(added.outcome()).isEqualTo(new CellOutcome.Killed("disk_full", false));
    assertThat(cleared.stdout().text()).isEqualTo("cleared\n");
    assertThat(after.stdout().text()).isEqualTo("fits\n");
  }

  @Test
  void keepsTheVariablesOfACellThatItEnds() {
    ContainerId id = caisson.create().id();
    caisson.python(id, "x = 42");

    Cell ended =
        caisson.python(
            id,
            """
            import time
            for i in range(4):
                open(f'/tmp/fill{i}', 'wb').write(bytes(3 << 20))
            time.sleep(20)
            """);

    assertThat(ended.outcome()).isEqualTo(new CellOutcome.Killed("disk_full", false));
    assertThat(caisson.python(id, "print(x)").stdout().text()).isEqualTo("42\n");
  }

  @Test
  void refusesAWriteThatWouldPassTheLimitAndLeavesNothingOfIt() throws IOException {
    ContainerId id = caisson.create().id();
    caisson.write(id, "/tmp/first", "a".repeat(5 << 20));

    assertThatThrownBy(() -> caisson.write(id, "/tmp/second", "b".repeat(5 << 20)))
        .isInstanceOf(CaissonException.TooLarge.class)
        .hasMessageContaining("/tmp/second")
        .hasMessageContaining("8MiB");

    assertThat(caisson.bash(id, "ls -A /tmp").stdout().text()).isEqualTo("first\n");
    caisson.engine.workspaces().delete(caisson.organization, id, "/tmp/first");
    caisson.write(id, "/tmp/second", "b".repeat(5 << 20));
    assertThat(caisson.read(id, "/tmp/second")).hasSize(5 << 20);
  }

  @Test
  void refusesWhatIsNewWhenTheHostsDiskIsUnderItsFloorAndServesWhatIsThere() throws Exception {
    ContainerId id = caisson.create().id();
    caisson.write(id, "/tmp/kept", "kept");
    EngineSettings full = withFloorOverFreeSpace(1.5);
    caisson.close();
    caisson = new EngineFixture(root, full, DiskWall.WATCHDOG);

    assertThatThrownBy(caisson::create).isInstanceOf(CaissonException.HostFull.class);
    assertThatThrownBy(() -> caisson.upload("a.txt", "a"))
        .isInstanceOf(CaissonException.HostFull.class)
        .hasMessageContaining("under its floor of");
    assertThatThrownBy(() -> caisson.write(id, "/tmp/new", "new"))
        .isInstanceOf(CaissonException.HostFull.class);
    assertThat(caisson.read(id, "/tmp/kept")).isEqualTo("kept");
    assertThat(caisson.bash(id, "rm /tmp/kept; echo cells run").stdout().text())
        .isEqualTo("cells run\n");
    caisson.engine.containers().delete(caisson.organization, id);
    assertThat(caisson.get(id).status().alive()).isFalse();
  }

  @Test
  void endsCellsAndNamesTheHostBeforeItsDiskIsFull() throws Exception {
    ContainerId id = caisson.create().id();
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Cell> running = pool.submit(() -> caisson.bash(id, "sleep 25"));
      DiskWatch watch = new DiskWatch(caisson.engine.warm(), hostWith(ByteSize.ofMebibytes(100)));
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> {
            watch.look();
            return running.isDone();
          });
      Cell cell = running.get();

      assertThat(cell.outcome()).isEqualTo(new CellOutcome.Killed("disk_full", false));
      assertThat(cell.stderr().text()).contains("the disk of the host, not the container's own");
    }
  }

  private static HostDisk hostWith(ByteSize free) {
    return new HostDisk(ByteSize.ofGibibytes(1), () -> free, () -> false, EngineListener.NONE);
  }

  private EngineSettings withFloorOverFreeSpace(double times) {
    long free = caisson.store.directory().freeSpace().bytes();
    return SETTINGS.withDisk(
        new DiskSettings(new ByteSize((long) (free * times)), Duration.ofMillis(20)));
  }
}
