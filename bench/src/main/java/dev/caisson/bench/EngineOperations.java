package dev.caisson.bench;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.OutputListener;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Cells over the engine in this process. */
final class EngineOperations {
  private final CaissonClient client;
  private final ContainerId warm;

  EngineOperations(CaissonClient client) {
    this.client = client;
    this.warm = client.createContainer(ContainerSpec.DEFAULT).id();
    client.run(warm, CellSpec.python("1"), OutputListener.NONE);
  }

  Operation freshContainer() {
    return Operation.compared(
            "engine_fresh_python",
            "engine: fresh container to its first Python output",
            BareProcesses.PYTHON,
            this::fresh)
        .withTarget(8);
  }

  List<Operation> warmCells() {
    return List.of(
        Operation.compared(
                "engine_warm_python",
                "engine: warm Python cell, to its result",
                BareProcesses.PYTHON,
                () -> warm(CellSpec.python("print(1)")))
            .wellWarmed(),
        Operation.compared(
                "engine_warm_bash",
                "engine: warm bash cell, to its result",
                BareProcesses.BASH,
                () -> warm(CellSpec.bash("echo 1")))
            .wellWarmed());
  }

  private long fresh() {
    AtomicLong first = new AtomicLong();
    long start = System.nanoTime();
    ContainerId container = client.createContainer(ContainerSpec.DEFAULT).id();
    Cell cell =
        client.run(
            container,
            CellSpec.python("print(1)"),
            (stream, text) -> first.compareAndSet(0, System.nanoTime()));
    client.deleteContainer(container);
    expectOne(cell);
    return first.get() - start;
  }

  private long warm(CellSpec spec) {
    long start = System.nanoTime();
    Cell cell = client.run(warm, spec, OutputListener.NONE);
    long nanos = System.nanoTime() - start;
    expectOne(cell);
    return nanos;
  }

  private static void expectOne(Cell cell) {
    if (!cell.stdout().text().equals("1\n")) {
      throw new IllegalStateException("cell " + cell.id() + " said " + cell.stdout().text());
    }
  }
}
