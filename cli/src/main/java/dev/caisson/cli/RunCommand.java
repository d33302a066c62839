package dev.caisson.cli;

import dev.caisson.cli.Connections.Need;
import dev.caisson.client.CaissonClient;
import dev.caisson.runner.FailureCause;
import dev.caisson.runner.PipelineRun;
import dev.caisson.runner.RunListener;
import dev.caisson.runner.RunResult;
import dev.caisson.runner.RunSettings;
import dev.caisson.runner.StageFailure;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Runs a pipeline. */
@Command(
    name = "run",
    description =
        "Runs a pipeline: only stages that changed, in one container, and brings its outputs to out/.",
    footer = {
      "",
      "Examples:",
      "  caisson run examples/monthly-report",
      "  caisson run report.yaml --param month=2026-10",
      "",
      "Running again is resuming: what is finished and unchanged is cached."
    })
final class RunCommand implements Callable<Integer> {
  @ParentCommand private @Nullable CaissonCommand root;

  @Mixin private ClientOptions clientOptions = new ClientOptions();

  @Option(
      names = "--image",
      paramLabel = "NAME|DIR",
      description = "The image of new containers: a name, or a directory with a root file system.")
  private @Nullable String image;

  @Parameters(
      paramLabel = "PIPELINE",
      description = "A pipeline file, or a directory with a pipeline.yaml.")
  private Path pipeline = Path.of("");

  @Option(
      names = "--param",
      paramLabel = "NAME=VALUE",
      description = "A parameter, over the pipeline's own value.")
  private Map<String, String> params = new LinkedHashMap<>();

  @Override
  public Integer call() {
    CaissonCommand command = CommandContext.required(root);
    Settings settings =
        clientOptions.apply(command.settings()).with(Setting.IMAGE, Optional.ofNullable(image));
    RunSettings runSettings =
        RunSettings.defaults(settings.path(Setting.DATA).resolve("runs")).withParams(params);
    try (Connection connection = Connections.open(settings, Need.CODE, command.console())) {
      RunResult result =
          run(command, connection.client(), runSettings.withImage(connection.image()));
      if (command.json()) {
        command.console().line(Json.write(json(result)));
      }
      return switch (result.outcome()) {
        case RunResult.Outcome.Succeeded succeeded -> 0;
        case RunResult.Outcome.Failed failed -> {
          // A person has just seen what the script said; a log of errors has not.
          boolean seen = command.console().outIsTerminal() && !command.json();
          StageFailure failure = seen ? withoutTail(failed.failure()) : failed.failure();
          command.console().error(failure.message());
          yield Main.FAILED;
        }
        case RunResult.Outcome.Cancelled cancelled -> {
          command.console().error("cancelled; finished stages are kept, run again to go on");
          yield Main.INTERRUPTED;
        }
      };
    }
  }

  private static StageFailure withoutTail(StageFailure failure) {
    return new StageFailure(
        failure.pipeline(),
        failure.stage(),
        failure.script(),
        failure.line(),
        failure.container(),
        failure.directory(),
        failure.cause(),
        List.of());
  }

  private RunResult run(CaissonCommand command, CaissonClient client, RunSettings runSettings) {
    if (command.json()) {
      return PipelineRun.run(client, pipeline, runSettings, RunListener.NONE);
    }
    try (RunView view = new RunView(command.console(), command.workingDirectory())) {
      return PipelineRun.run(client, pipeline, runSettings, view);
    }
  }

  private static ObjectNode json(RunResult result) {
    ObjectNode json = Json.object().put("pipeline", result.pipeline());
    json.put(
        "status",
        switch (result.outcome()) {
          case RunResult.Outcome.Succeeded succeeded -> "succeeded";
          case RunResult.Outcome.Failed failed -> "failed";
          case RunResult.Outcome.Cancelled cancelled -> "cancelled";
        });
    if (result.outcome() instanceof RunResult.Outcome.Failed(var failure)) {
      json.put("error", failure.message());
      ObjectNode stage =
          json.putObject("failed_stage")
              .put("stage", failure.stage())
              .put("script", failure.script());
      failure.line().ifPresent(line -> stage.put("line", line));
      if (failure.cause() instanceof FailureCause.ExitCode(int code)) {
        stage.put("return_code", code);
      }
      ArrayNode stderr = stage.putArray("stderr");
      failure.stderrTail().forEach(stderr::add);
    }
    result.container().ifPresent(container -> json.put("container_id", container.value()));
    ArrayNode stages = json.putArray("stages");
    for (RunResult.StageResult stage : result.stages()) {
      stages
          .addObject()
          .put("stage", stage.stage())
          .put("cached", !stage.ran())
          .put("wall_ms", stage.wall().toMillis());
    }
    ArrayNode outputs = json.putArray("outputs");
    result.outputs().forEach(output -> outputs.add(output.toString()));
    return json;
  }
}
