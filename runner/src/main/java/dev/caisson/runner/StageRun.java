package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.OutputListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Runs one stage in a workspace whose inputs are all there or can be written: puts script, helpers
 * and files of the author in place, runs the script in a process of its own, and checks what it
 * made. The script is not repeated here.
 */
final class StageRun {
  private final Pipeline pipeline;
  private final StagePlan plan;
  private final Stage stage;
  private final PipelineWorkspace workspace;
  private final WorkspacePaths paths;
  private final RunListener listener;

  StageRun(Pipeline pipeline, StagePlan plan, PipelineWorkspace workspace, RunListener listener) {
    this.pipeline = pipeline;
    this.plan = plan;
    this.stage = plan.stage();
    this.workspace = workspace;
    this.paths = workspace.paths();
    this.listener = listener;
  }

  /**
   * Runs it in the prepared directory.
   *
   * @param present paths of inputs that are in the container already
   */
  CommitRecord run(Set<String> present, InstantSource clock) throws RunStopped, IOException {
    List<String> written = writeSources(present);
    writeCode();
    Cell cell = runScript(written);
    switch (cell.outcome()) {
      case CellOutcome.Completed completed -> {
        if (completed.returnCode() != 0) {
          throw failed(new FailureCause.ExitCode(completed.returnCode()), cell);
        }
      }
      case CellOutcome.TimedOut timedOut ->
          throw failed(new FailureCause.TimedOut(timedOut.limit()), cell);
      case CellOutcome.Killed killed ->
          throw failed(new FailureCause.Killed(killed.reason()), cell);
      case CellOutcome.Lost lost -> throw failed(new FailureCause.Lost(lost.reason()), cell);
    }
    return new CommitRecord(
        plan.key().fields(),
        artifacts(cell),
        workspace.container().value(),
        cell.id().value(),
        cell.wall().toMillis(),
        clock.instant().toEpochMilli());
  }

  private List<String> writeSources(Set<String> present) throws RunStopped, IOException {
    List<String> written = new ArrayList<>();
    for (StagePlan.PlannedInput input : plan.inputs().values()) {
      if (input.source().isEmpty()
          || present.contains(input.path())
          || written.contains(input.path())) {
        continue;
      }
      Path source = input.source().get();
      String sha256 = workspace.write(input.path(), () -> Files.newInputStream(source));
      if (!sha256.equals(input.sha256())) {
        throw failed(new FailureCause.InputMoved(source.toString()));
      }
      written.add(input.path());
    }
    return written;
  }

  private void writeCode() throws RunStopped, IOException {
    for (Map.Entry<String, String> file : plan.code().entrySet()) {
      Path source = pipeline.directory().resolve(file.getKey());
      String sha256 =
          workspace.write(
              paths.inStage(stage.name(), file.getKey()), () -> Files.newInputStream(source));
      if (!sha256.equals(file.getValue())) {
        throw failed(new FailureCause.InputMoved(source.toString()));
      }
    }
  }

  /**
   * {@code exec}: the cell's process is the script's, so its exit code and signals are the cell's.
   */
  private Cell runScript(List<String> written) throws RunStopped {
    StringBuilder code = new StringBuilder();
    if (!written.isEmpty()) {
      code.append("chmod a-w");
      written.forEach(path -> code.append(' ').append(quoted(path)));
      code.append(" || exit\n");
    }
    for (String place : plan.executables()) {
      code.append("chmod a+x ")
          .append(quoted(paths.inStage(stage.name(), place)))
          .append(" || exit\n");
    }
    code.append("cd ").append(quoted(paths.stage(stage.name()))).append(" || exit\n");
    if (stage.run().endsWith(".py")) {
      code.append("exec /usr/bin/env PYTHONUNBUFFERED=1 python3 ");
    } else {
      code.append("exec /usr/bin/env BASH_ENV=")
          .append(quoted(paths.bashEnvironment()))
          .append(" bash ");
    }
    code.append(quoted(scriptPath())).append('\n');
    CellSpec spec = CellSpec.bash(code.toString()).withEnvironment(environment());
    Optional<Duration> timeout = stage.timeout().or(pipeline.container()::cellLimit);
    OutputListener output =
        (stream, text) -> listener.on(new RunEvent.Output(stage.name(), stream, text));
    try {
      return workspace.run(timeout.map(spec::withTimeout).orElse(spec), output);
    } catch (CaissonException.InvalidRequest e) {
      // Such as a timeout over the container's limit.
      throw new CaissonException.InvalidRequest(
          "pipeline " + pipeline.name() + ": stages." + stage.name() + ": " + e.getMessage());
    }
  }

  private Map<String, String> environment() {
    Map<String, String> variables = new LinkedHashMap<>(StageEnvironment.declared(pipeline, stage));
    plan.inputs()
        .forEach((name, input) ->
            variables.put(
                StageEnvironment.variable("IN_", name),
                paths.inStage(stage.name(), input.place())));
    stage
        .out()
        .forEach((name, filename) ->
            variables.put(
                StageEnvironment.variable("OUT_", name),
                paths.inStage(stage.name(), StagePath.normal(filename))));
    return variables;
  }

  private List<Artifact> artifacts(Cell cell) throws RunStopped {
    PipelineWorkspace.Collected collected = workspace.collect(plan);
    List<Artifact> artifacts = new ArrayList<>();
    for (Map.Entry<String, String> out : stage.out().entrySet()) {
      List<PipelineWorkspace.Found> found =
          collected.outputs().getOrDefault(out.getKey(), List.of());
      artifacts.add(artifact(out.getKey(), out.getValue(), found, collected.there(), cell));
    }
    return artifacts;
  }

  private Artifact artifact(
      String name,
      String filename,
      List<PipelineWorkspace.Found> found,
      List<String> there,
      Cell cell)
      throws RunStopped {
    String expected = paths.inStage(stage.name(), StagePath.normal(filename));
    if (found.isEmpty()) {
      throw failed(new FailureCause.OutputMissing(name, expected, there), cell);
    }
    if (filename.contains("*") && found.stream().anyMatch(file -> file.isAt(filename))) {
      throw failed(
          new FailureCause.OutputNamedAsPattern(
              name, expected, StageEnvironment.variable("OUT_", name)),
          cell);
    }
    if (found.size() > 1) {
      List<String> matches = found.stream().map(PipelineWorkspace.Found::path).toList();
      throw failed(new FailureCause.OutputAmbiguous(name, expected, matches), cell);
    }
    PipelineWorkspace.Found file = found.getFirst();
    String path = paths.inStage(stage.name(), file.path());
    Long size = file.size();
    String sha256 = file.sha256();
    if (size == null || sha256 == null) {
      throw failed(new FailureCause.OutputUnfit(name, path, "is " + file.kind()), cell);
    }
    long least = stage.minBytes().getOrDefault(name, 0L);
    if (size < least) {
      throw failed(
          new FailureCause.OutputUnfit(
              name, path, "has " + size + " bytes, fewer than the " + least + " of expect"),
          cell);
    }
    return new Artifact(name, file.path(), size, sha256);
  }

  private RunStopped.Failed failed(FailureCause cause) {
    return failed(cause, OptionalInt.empty(), List.of());
  }

  private RunStopped.Failed failed(FailureCause cause, Cell cell) {
    String stderr = cell.stderr().text();
    boolean script = !(cell.outcome() instanceof CellOutcome.Completed c && c.returnCode() == 0);
    return failed(
        cause,
        script ? ScriptLine.find(scriptPath(), stderr) : OptionalInt.empty(),
        ScriptLine.tail(stderr));
  }

  private RunStopped.Failed failed(FailureCause cause, OptionalInt line, List<String> stderr) {
    return new RunStopped.Failed(
        StageFailure.of(pipeline, stage, Optional.of(workspace.container()), cause, line, stderr));
  }

  private String scriptPath() {
    return paths.inStage(stage.name(), StagePath.normal(stage.run()));
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
