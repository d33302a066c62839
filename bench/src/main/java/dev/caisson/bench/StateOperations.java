package dev.caisson.bench;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.StateLimits;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.engine.EngineSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A container that is released and used again, with variables. In an engine of its own, in which
 * whatever nobody uses is idle at once.
 */
final class StateOperations implements AutoCloseable {
  /** 25,000 records of text and numbers; pickled they take 10.0 MB. */
  private static final String RECORDS =
      """
      data = [
          {"id": i, "name": f"record {i}", "parts": [i, i * 0.5], "text": "%06d" % i * 57}
          for i in range(25_000)
      ]
      """;

  private static final String FRAME =
      """
      import numpy, pandas
      data = pandas.DataFrame({name: numpy.arange(312_500.0) for name in "abcd"})
      """;

  private static final String STATE = "/opt/caisson-state";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final EmbeddedCaisson caisson;
  private final CaissonClient client;
  private final ContainerId records;
  private final ContainerId frame;

  StateOperations(Path data, Path images) {
    EngineSettings defaults = EngineSettings.DEFAULT;
    StateLimits soon = StateLimits.DEFAULT.withDelay(Duration.ofMillis(1));
    caisson =
        EmbeddedCaisson.open(
            EmbeddedSettings.defaults(data, images)
                .withEngine(
                    defaults
                        .withIdle(Duration.ZERO)
                        .withSweepEvery(Duration.ofDays(1))
                        .withLimits(defaults.limits().withState(soon))));
    client = caisson.client();
    records = container(RECORDS);
    frame = container(FRAME);
  }

  private ContainerId container(String code) {
    ContainerId id = client.createContainer(ContainerSpec.DEFAULT).id();
    run(id, code);
    return id;
  }

  List<Operation> operations() {
    return List.of(
        Operation.compared(
                "state_records",
                "engine: release and next cell, 10 MB of plain data, saved before",
                BareProcesses.PYTHON,
                () -> cycle(records, true))
            .withTotalTarget(150),
        Operation.compared(
            "state_records_unsaved",
            "engine: the same straight after a cell, with the save",
            BareProcesses.PYTHON,
            () -> cycle(records, false)),
        Operation.compared(
            "state_frame",
            "engine: release and next cell, a data frame of 10 MB, saved before",
            BareProcesses.PYTHON,
            () -> cycle(frame, true)),
        Operation.compared(
            "state_frame_import",
            "engine: its part: the import of pandas in a process of its own",
            BareProcesses.PYTHON,
            this::importing));
  }

  /** From the release of the sandbox to the result of a cell that uses the variables. */
  private long cycle(ContainerId container, boolean saved) throws InterruptedException {
    Map<String, Instant> before = saves(container);
    run(container, "changed = len(data)");
    if (saved) {
      awaitSave(container, before);
    }
    long start = System.nanoTime();
    caisson.engine().sweep();
    Cell cell = client.run(container, CellSpec.python("print(len(data))"), OutputListener.NONE);
    long nanos = System.nanoTime() - start;
    expectSuccess(cell);
    return nanos;
  }

  private long importing() {
    long start = System.nanoTime();
    Cell cell = client.run(frame, CellSpec.bash("python3 -c 'import pandas'"), OutputListener.NONE);
    long nanos = System.nanoTime() - start;
    expectSuccess(cell);
    return nanos;
  }

  /** When each save that is there was written. */
  private Map<String, Instant> saves(ContainerId container) {
    return client.list(container, STATE).stream()
        .filter(entry -> entry.path().endsWith("/state"))
        .collect(Collectors.toMap(WorkspaceEntry::path, WorkspaceEntry::modifiedAt));
  }

  private void awaitSave(ContainerId container, Map<String, Instant> before)
      throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (saves(container).isEmpty() || saves(container).equals(before)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the variables of " + container + " were not saved");
      }
      Thread.sleep(Duration.ofMillis(5));
    }
  }

  private void run(ContainerId container, String code) {
    expectSuccess(client.run(container, CellSpec.python(code), OutputListener.NONE));
  }

  private static void expectSuccess(Cell cell) {
    Optional<String> said = Optional.of(cell.stderr().text()).filter(text -> !text.isEmpty());
    if (said.isPresent() || cell.outcome().returnCode() != 0) {
      throw new IllegalStateException("cell " + cell.id() + " failed: " + said.orElse(""));
    }
  }

  @Override
  public void close() {
    caisson.close();
  }
}
