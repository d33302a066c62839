package dev.caisson.runner;

import dev.caisson.domain.ContainerId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A stage that failed, with what one needs to find out why.
 *
 * @param script as the pipeline names it
 * @param line of the script, where its output tells it
 * @param directory of the stage, inside the container
 * @param stderrTail the last lines that the script wrote to stderr
 */
public record StageFailure(
    String pipeline,
    String stage,
    String script,
    OptionalInt line,
    Optional<ContainerId> container,
    String directory,
    FailureCause cause,
    List<String> stderrTail) {
  public StageFailure {
    stderrTail = List.copyOf(stderrTail);
  }

  static StageFailure of(
      Pipeline pipeline,
      Stage stage,
      Optional<ContainerId> container,
      FailureCause cause,
      OptionalInt line,
      List<String> stderrTail) {
    return new StageFailure(
        pipeline.name(),
        stage.name(),
        stage.run(),
        line,
        container,
        WorkspacePaths.of(pipeline).stage(stage.name()),
        cause,
        stderrTail);
  }

  /** The command that shows the stage's directory; empty when no container was opened. */
  public Optional<String> lookInside() {
    return container.map(id -> "caisson exec " + id + " --bash -c 'ls -l " + directory + "'");
  }

  /** The whole story in a few lines, for a terminal. */
  public String message() {
    StringBuilder message = new StringBuilder("stage " + stage + " failed: " + script);
    line.ifPresent(number -> message.append(" line ").append(number));
    message.append(": ").append(cause.told());
    container.ifPresent(id -> message.append("\n  container: ").append(id));
    if (!stderrTail.isEmpty()) {
      message.append("\n  stderr:");
      stderrTail.forEach(text -> message.append("\n    ").append(text));
    }
    lookInside().ifPresent(command -> message.append("\n  look inside: ").append(command));
    return message.toString();
  }
}
