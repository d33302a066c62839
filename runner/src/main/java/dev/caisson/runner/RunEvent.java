package dev.caisson.runner;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OutputStreamKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What happens while a pipeline runs, told in order and one at a time. */
public sealed interface RunEvent {
  /** Another run of the pipeline goes on; this one waits for it. */
  record Waiting(String holder) implements RunEvent {}

  /** Nothing that the stage hangs on has changed; {@code saved} is what it took when it ran. */
  record StageCached(String stage, Duration saved) implements RunEvent {}

  /** The container that stages run in. */
  record ContainerOpened(ContainerId container, boolean fresh) implements RunEvent {}

  /** What a stage needs is no longer in the container; these stages make it again. */
  record Rebuilding(String reason, List<String> stages) implements RunEvent {
    public Rebuilding {
      stages = List.copyOf(stages);
    }
  }

  /** An artifact that the container had lost was put back from the run store. */
  record Restored(ArtifactRef artifact, long sizeBytes) implements RunEvent {}

  /**
   * A stage's script is about to run.
   *
   * @param reason why it is not cached, such as {@code script changed}
   */
  record StageStarted(String stage, String reason, ContainerId container) implements RunEvent {}

  /** The script's output as it comes. */
  record Output(String stage, OutputStreamKind stream, String text) implements RunEvent {}

  record StageFinished(String stage, Duration wall, List<Artifact> artifacts) implements RunEvent {
    public StageFinished {
      artifacts = List.copyOf(artifacts);
    }
  }

  record StageFailed(StageFailure failure) implements RunEvent {}

  /** A stage runs again because its container or sandbox died under it. */
  record StageRepeated(String stage, String reason) implements RunEvent {}

  /**
   * A declared output stands in {@code out/}.
   *
   * @param written whether it had to be written; else it stood there already
   */
  record BroughtOut(ArtifactRef artifact, Path path, long sizeBytes, boolean written)
      implements RunEvent {}
}
