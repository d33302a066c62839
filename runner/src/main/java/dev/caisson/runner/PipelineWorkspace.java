package dev.caisson.runner;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.RunId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** The files of one pipeline in one container: asked for, laid out and collected in cells. */
final class PipelineWorkspace {
  private static final String PROGRAM = resource("workspace.py");
  private static final String BASH_ENVIRONMENT = resource("bash-env.sh");

  /** Isolated: neither the user's variables nor files beside it change what the program does. */
  private static final String CALL = "exec python3 -I -c \"$CAISSON_PROGRAM\"";

  private final CaissonClient client;
  private final ContainerId container;
  private final WorkspacePaths paths;
  private final RunId run;
  private final String marker;
  private boolean fresh;

  /**
   * @param run whose cells these are: one request to the bill
   * @param marker tells this workspace from a fresh one under the same id
   * @param fresh whether the marker is still to be set
   */
  PipelineWorkspace(
      CaissonClient client,
      ContainerId container,
      WorkspacePaths paths,
      RunId run,
      String marker,
      boolean fresh) {
    this.client = client;
    this.container = container;
    this.paths = paths;
    this.run = run;
    this.marker = marker;
    this.fresh = fresh;
  }

  ContainerId container() {
    return container;
  }

  WorkspacePaths paths() {
    return paths;
  }

  /** Those of the files that are there with this content; path to hash. */
  Set<String> present(Map<String, String> files) throws RunStopped {
    return inspected(inspection("inspect", files));
  }

  /**
   * Empties the stage's directory, lays links to its inputs, and tells which of the inputs are
   * there.
   *
   * @param keptSources hashes of the author's files that any stage reads
   */
  Set<String> prepare(StagePlan plan, Set<String> keptSources) throws RunStopped {
    Map<String, String> files = new HashMap<>();
    Map<String, String> links = new LinkedHashMap<>();
    plan.inputs()
        .values()
        .forEach(input -> {
          files.put(input.path(), input.sha256());
          links.put(input.place(), input.path());
        });
    Map<String, Object> request = inspection("prepare", files);
    request.put("directory", paths.stage(plan.stage().name()));
    request.put("links", links);
    request.put("outputs", plan.stage().out().values());
    request.put("bash_file", paths.bashEnvironment());
    request.put("bash", BASH_ENVIRONMENT);
    request.put("sources", paths.sources());
    request.put("keep", keptSources);
    return inspected(request);
  }

  /** What stands where the stage's artifacts should. */
  Collected collect(StagePlan plan) throws RunStopped {
    Set<String> given = new HashSet<>(plan.code().keySet());
    plan.inputs().values().forEach(input -> given.add(input.place()));
    Map<String, Object> request = new HashMap<>();
    request.put("operation", "collect");
    request.put("directory", paths.stage(plan.stage().name()));
    request.put("outputs", plan.stage().out());
    request.put("given", given);
    return call(request, Collected.class);
  }

  private Map<String, Object> inspection(String operation, Map<String, String> files) {
    Map<String, Object> request = new HashMap<>();
    request.put("operation", operation);
    request.put("marker_file", paths.marker());
    request.put("marker", marker);
    request.put("fresh", fresh);
    request.put("files", files);
    return request;
  }

  private Set<String> inspected(Map<String, Object> request) throws RunStopped {
    Inspected reply = call(request, Inspected.class);
    if (!reply.known()) {
      throw new RunStopped.Gone("the files of container " + container + " are gone", true);
    }
    fresh = false;
    return Set.copyOf(reply.present());
  }

  private <T> T call(Map<String, Object> request, Class<T> type) throws RunStopped {
    CellSpec spec =
        CellSpec.bash(CALL)
            .withEnvironment(
                Map.of(
                    "CAISSON_PROGRAM",
                    PROGRAM,
                    "CAISSON_REQUEST",
                    Json.CANONICAL.writeValueAsString(request)));
    Cell cell = run(spec, OutputListener.NONE);
    if (cell.outcome() instanceof CellOutcome.Completed completed && completed.returnCode() == 0) {
      try {
        return Json.CANONICAL.readValue(cell.stdout().text(), type);
      } catch (JacksonException e) {
        throw new CaissonException.Internal(
            "container " + container + ": the reply of the workspace program is not whole", e);
      }
    }
    throw new CaissonException.Internal(
        "container "
            + container
            + ": cannot "
            + request.get("operation")
            + " the workspace ("
            + cell.outcome().status()
            + ", return code "
            + cell.outcome().returnCode()
            + "): "
            + String.join(" / ", ScriptLine.tail(cell.stderr().text())));
  }

  /** Runs a cell; a container or sandbox that died comes back as {@link RunStopped.Gone}. */
  Cell run(CellSpec spec, OutputListener listener) throws RunStopped {
    Cell cell;
    try {
      cell = client.run(container, spec.withRun(run), listener);
    } catch (CaissonException e) {
      throw stopped(e);
    }
    return switch (cell.outcome()) {
      case CellOutcome.Completed completed -> cell;
      case CellOutcome.TimedOut timedOut -> cell;
      case CellOutcome.Killed killed when killed.reason().equals(CellOutcome.Killed.CANCELLED) ->
          throw Thread.currentThread().isInterrupted()
              ? new RunStopped.Cancelled()
              : new RunStopped.Gone("somebody cancelled the cell in container " + container, false);
      case CellOutcome.Killed killed
          when killed.reason().equals(CellOutcome.Killed.CONTAINER_DELETED) ->
          throw new RunStopped.Gone("container " + container + " was deleted", true);
      case CellOutcome.Killed killed
          when killed.reason().equals(CellOutcome.Killed.SERVER_STOPPED) ->
          throw new RunStopped.Gone(
              "the server was stopped while a cell ran in container " + container, false);
      case CellOutcome.Killed killed when killed.reason().equals("sandbox_died") ->
          throw new RunStopped.Gone("the sandbox of container " + container + " died", false);
      case CellOutcome.Killed killed -> cell;
      case CellOutcome.Lost lost ->
          throw new RunStopped.Gone(
              "the cell in container " + container + " was lost (" + lost.reason() + ")", false);
    };
  }

  /** Writes a file; its hash as read back in the container. */
  String write(String path, Source source) throws RunStopped, IOException {
    try (InputStream content = source.open()) {
      return client.write(container, path, content).sha256();
    } catch (CaissonException e) {
      throw stopped(e);
    }
  }

  /** Opens a file. */
  FileContent read(String path) throws RunStopped {
    try {
      return client.read(container, path, ByteRange.ALL);
    } catch (CaissonException e) {
      throw stopped(e);
    }
  }

  /** What the exception means for a run; one that means nothing special is thrown as it is. */
  private RunStopped stopped(CaissonException e) {
    if (Thread.currentThread().isInterrupted()) {
      return new RunStopped.Cancelled();
    }
    return switch (e) {
      case CaissonException.ContainerExpired expired ->
          new RunStopped.Gone("container " + container + " expired", true);
      case CaissonException.NotFound notFound ->
          new RunStopped.Gone("container " + container + " is gone", true);
      default -> throw e;
    };
  }

  private static String resource(String name) {
    try (InputStream in = PipelineWorkspace.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the runner's resource " + name + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("the runner's resource " + name + " cannot be read", e);
    }
  }

  /** Opens content for writing it into the container. */
  @FunctionalInterface
  interface Source {
    InputStream open() throws IOException;
  }

  private record Inspected(boolean known, List<String> present) {}

  /**
   * What the workspace program found.
   *
   * @param outputs by artifact name, everything that fits its pattern
   * @param there the files in the stage's directory, for a person to read
   */
  record Collected(Map<String, List<Found>> outputs, List<String> there) {
    Collected {
      outputs = new TreeMap<>(outputs);
      there = new ArrayList<>(there);
    }
  }

  /**
   * A file that fits.
   *
   * @param kind {@code file}, or what it is instead; empty when several fit
   */
  record Found(String path, @Nullable String kind, @Nullable Long size, @Nullable String sha256) {
    boolean isAt(String place) {
      return StagePath.normal(path).equals(StagePath.normal(place));
    }
  }
}
