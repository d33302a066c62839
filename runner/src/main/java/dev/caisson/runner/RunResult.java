package dev.caisson.runner;

import dev.caisson.domain.ContainerId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What became of a run.
 *
 * @param stages those that were reached, in order
 * @param container the one that holds the intermediate files; empty while no stage ever ran
 * @param outputs the files that stand in {@code out/}; empty unless the run succeeded
 */
public record RunResult(
    String pipeline,
    Outcome outcome,
    List<StageResult> stages,
    Optional<ContainerId> container,
    List<Path> outputs) {
  public RunResult {
    stages = List.copyOf(stages);
    outputs = List.copyOf(outputs);
  }

  /** How a run ended. */
  public sealed interface Outcome {
    record Succeeded() implements Outcome {}

    record Failed(StageFailure failure) implements Outcome {}

    /** The running thread was interrupted; finished stages stay finished. */
    record Cancelled() implements Outcome {}
  }

  /**
   * One stage of a run.
   *
   * @param ran whether its script ran; else its earlier result was reused
   * @param wall of the script, in this run or in the one that is reused
   */
  public record StageResult(String stage, boolean ran, Duration wall, List<Artifact> artifacts) {
    public StageResult {
      artifacts = List.copyOf(artifacts);
    }
  }

  public boolean succeeded() {
    return outcome instanceof Outcome.Succeeded;
  }
}
