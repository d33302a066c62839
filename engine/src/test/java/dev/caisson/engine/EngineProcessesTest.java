package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.OutputFile;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import dev.caisson.store.ContainerRow;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes on one data directory, some of which die. */
@Tag("slow")
class EngineProcessesTest {
  @TempDir Path root;

  @Test
  void keepsEverythingOfAProcessThatWasKilledBetweenCells() throws Exception {
    ContainerId container;
    String cell;
    try (ChildEngine dying = new ChildEngine(root)) {
      container = dying.create();
      cell =
          dying.run(
              container, "echo said; echo kept > /tmp/kept; echo made > $OUTPUT_DIR/made.txt");
      dying.kill();
    }
    try (EngineFixture caisson = new EngineFixture(root)) {
      Cell kept = caisson.engine.cells().get(caisson.organization, container, new CellId(cell));
      assertThat(kept.outcome()).isEqualTo(new CellOutcome.Completed(0));
      assertThat(kept.stdout().text()).isEqualTo("said\n");
      OutputFile output = kept.outputs().getFirst();
      StoredFile made = caisson.engine.files().get(caisson.organization, output.fileId());
      assertThat(caisson.content(made)).isEqualTo("made\n");
      assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.RELEASED);
      assertThat(caisson.bash(container, "cat /tmp/kept").stdout().text()).isEqualTo("kept\n");
      assertThat(row(caisson, container).epoch()).isEqualTo(2);
    }
  }

  @Test
  void losesTheCellThatRanWhenItsProcessWasKilled() throws Exception {
    ContainerId container;
    try (ChildEngine dying = new ChildEngine(root)) {
      container = dying.create();
      dying.start(
          container,
          "echo x > /tmp/seen; echo begun; while true; do echo x >> /tmp/seen; sleep 0.02; done");
      dying.kill();
    }
    try (EngineFixture caisson = new EngineFixture(root)) {
      List<Cell> cells =
          caisson.engine.cells().list(caisson.organization, container, PageRequest.first()).items();
      assertThat(cells)
          .singleElement()
          .satisfies(
              cell -> assertThat(cell.outcome()).isEqualTo(new CellOutcome.Lost("server_restart")));
      // The next owner's first cell finds nothing of the lost one running any more.
      String sizes = "wc -c < /tmp/seen; sleep 0.3; wc -c < /tmp/seen";
      String[] seen = caisson.bash(container, sizes).stdout().text().split("\n", -1);
      assertThat(seen).hasSize(3);
      assertThat(Integer.parseInt(seen[0])).isPositive().isEqualTo(Integer.parseInt(seen[1]));
    }
  }

  @Test
  void sweepsUpAfterAProcessThatWasKilledWhileOthersLive() throws Exception {
    try (EngineFixture caisson = new EngineFixture(root)) {
      ContainerId container;
      try (ChildEngine dying = new ChildEngine(root)) {
        container = dying.create();
        dying.start(container, "echo begun; exec sleep 98.7654");
        // Its output is heard before the shell has become the program.
        Awaitility.await().until(() -> processes("98.7654") == 1);
        assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.WARM);
        caisson.engine.sweep();
        assertThat(row(caisson, container).owner()).isPresent();
        dying.kill();
      }
      assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.RELEASED);
      caisson.engine.sweep();
      assertThat(processes("98.7654")).isZero();
      ContainerRow row = row(caisson, container);
      assertThat(row.owner()).isEmpty();
      assertThat(row.cellRunning()).isFalse();
      assertThat(row.epoch()).isEqualTo(2);
      assertThat(
              caisson
                  .engine
                  .cells()
                  .list(caisson.organization, container, PageRequest.first())
                  .items()
                  .getFirst()
                  .outcome())
          .isEqualTo(new CellOutcome.Lost("server_restart"));
    }
  }

  @Test
  void waitsForALivingOwnerAndSaysForWhom() throws Exception {
    List<OptionalLong> waits = new CopyOnWriteArrayList<>();
    try (ChildEngine other = new ChildEngine(root);
        EngineFixture caisson =
            new EngineFixture(
                root,
                EngineFixture.SETTINGS.withOwnerWait(Duration.ofSeconds(20)),
                new TestClock(),
                (container, pid) -> waits.add(pid));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ContainerId container = other.create();
      other.run(container, "echo theirs > /tmp/a");
      assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.IDLE);
      Future<Cell> cell = threads.submit(() -> caisson.bash(container, "cat /tmp/a"));
      Awaitility.await().until(() -> !waits.isEmpty());
      assertThat(cell.isDone()).isFalse();
      ContainerId free = other.create();
      assertThat(caisson.bash(free, "echo free").stdout().text()).isEqualTo("free\n");

      other.shutDown();

      assertThat(cell.get(20, TimeUnit.SECONDS).stdout().text()).isEqualTo("theirs\n");
      assertThat(waits).containsExactly(OptionalLong.of(other.pid()));
    }
  }

  @Test
  void givesUpAWaitThatTakesTooLong() throws Exception {
    try (ChildEngine other = new ChildEngine(root);
        EngineFixture caisson = new EngineFixture(root)) {
      ContainerId container = other.create();
      other.run(container, "true");
      assertThatThrownBy(() -> caisson.bash(container, "true"))
          .isInstanceOf(Busy.class)
          .hasMessageContaining(container.value())
          .hasMessageContaining("pid " + other.pid());
      assertThat(row(caisson, container).epoch()).isEqualTo(1);
      // A neighbour's trouble is its own.
      assertThat(caisson.bash(caisson.create().id(), "echo ok").stdout().text()).isEqualTo("ok\n");
    }
  }

  /** Kills an engine at different moments of a cell; what was answered is there, whole. */
  @Test
  void keepsEveryAnsweredCellThroughManyDeaths() throws Exception {
    ContainerId container;
    try (ChildEngine first = new ChildEngine(root)) {
      container = first.create();
      first.shutDown();
    }
    List<String> answered = new ArrayList<>();
    for (int round = 0; round < 4; round++) {
      try (ChildEngine dying = new ChildEngine(root)) {
        answered.add(dying.run(container, "echo first > $OUTPUT_DIR/n"));
        long moment = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(3 + 13L * round);
        Thread killer = Thread.ofPlatform().start(() -> killAt(moment, dying));
        runUntilItDies(dying, container, answered);
        killer.join();
      }
    }
    try (EngineFixture caisson = new EngineFixture(root)) {
      for (String id : answered) {
        Cell cell = caisson.engine.cells().get(caisson.organization, container, new CellId(id));
        assertThat(cell.outcome()).isEqualTo(new CellOutcome.Completed(0));
        StoredFile file =
            caisson.engine.files().get(caisson.organization, cell.outputs().getFirst().fileId());
        assertThat(caisson.content(file)).isNotEmpty();
      }
      caisson.engine.sweep();
      assertThat(caisson.store.containers().owned()).isEmpty();
      assertThat(caisson.data.resolve("blobs").resolve("staging")).isEmptyDirectory();
    }
  }

  /** How many processes of this host, sandboxes included, have that argument. */
  private static long processes(String argument) {
    return ProcessHandle.allProcesses()
        .filter(process ->
            process.info().arguments().stream()
                .anyMatch(arguments -> List.of(arguments).contains(argument)))
        .count();
  }

  private static void killAt(long moment, ChildEngine dying) {
    while (System.nanoTime() < moment) {
      Thread.onSpinWait();
    }
    dying.kill();
  }

  private static void runUntilItDies(
      ChildEngine dying, ContainerId container, List<String> answered) {
    try {
      while (true) {
        answered.add(dying.run(container, "echo more > $OUTPUT_DIR/n"));
      }
    } catch (IOException e) {
      // dead, in the middle of something
    }
  }

  private static ContainerRow row(EngineFixture caisson, ContainerId id) {
    return caisson.store.containers().find(id).orElseThrow();
  }
}
