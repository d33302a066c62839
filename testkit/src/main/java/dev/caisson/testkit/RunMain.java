package dev.caisson.testkit;

import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.runner.PipelineRun;
import dev.caisson.runner.RunEvent;
import dev.caisson.runner.RunSettings;
import java.io.PrintStream;
import java.nio.file.Path;

/**
 * Runs a pipeline over an embedded engine in a process that a test can kill: {@code RunMain DATA
 * IMAGES PIPELINE}. Says the kind of each event, and at the end the outcome, a line each.
 */
public final class RunMain {
  private RunMain() {}

  @SuppressWarnings("SystemOut") // Its lines are its interface.
  public static void main(String[] arguments) {
    PrintStream out = System.out;
    Path data = Path.of(arguments[0]);
    EmbeddedSettings settings = EmbeddedSettings.defaults(data, Path.of(arguments[1]));
    try (EmbeddedCaisson caisson = EmbeddedCaisson.open(settings)) {
      out.println(
          PipelineRun.run(
                  caisson.client(),
                  Path.of(arguments[2]),
                  RunSettings.defaults(data.resolve("runs")),
                  event -> out.println(line(event)))
              .outcome());
    }
  }

  private static String line(RunEvent event) {
    String kind = event.getClass().getSimpleName();
    return switch (event) {
      case RunEvent.StageStarted started -> kind + " " + started.stage();
      case RunEvent.StageFinished finished -> kind + " " + finished.stage();
      case RunEvent.StageCached cached -> kind + " " + cached.stage();
      case RunEvent.Output output -> kind + " " + output.text().strip();
      case RunEvent other -> kind;
    };
  }
}
