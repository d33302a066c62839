package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.FileContent;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Brings every stage of a pipeline to a result: the committed one where nothing has changed, else a
 * new one. What a stage needs and the container no longer has is put back or made again first. For
 * one thread.
 */
final class StageResults {
  /** How often a container or sandbox may die under one stage before it counts as the stage's. */
  private static final int ATTEMPTS = 3;

  private final Pipeline pipeline;
  private final StagePlanner planner;
  private final RunStore store;
  private final RunContainer container;
  private final InstantSource clock;
  private final RunListener listener;
  private final Map<String, Result> results = new LinkedHashMap<>();

  StageResults(
      Pipeline pipeline,
      StagePlanner planner,
      RunStore store,
      RunContainer container,
      InstantSource clock,
      RunListener listener) {
    this.pipeline = pipeline;
    this.planner = planner;
    this.store = store;
    this.container = container;
    this.clock = clock;
    this.listener = listener;
  }

  private record Result(StagePlan plan, CommitRecord record, boolean ran) {}

  /** Settles every stage, each after those it reads from. */
  void settle() throws RunStopped, IOException {
    boolean steady;
    do {
      steady = true;
      for (Stage stage : pipeline.stages()) {
        // A stage that was made again may have come out differently; then everything after it is
        // looked at anew under its new key.
        if (!settle(stage)) {
          steady = false;
          break;
        }
      }
    } while (!steady);
  }

  Artifact artifact(ArtifactRef ref) {
    return result(ref.stage()).record().artifact(ref.artifact());
  }

  /** The results so far, in the pipeline's order. */
  List<RunResult.StageResult> told() {
    List<RunResult.StageResult> told = new ArrayList<>();
    for (Stage stage : pipeline.stages()) {
      Result result = results.get(stage.name());
      if (result != null) {
        told.add(
            new RunResult.StageResult(
                stage.name(),
                result.ran(),
                Duration.ofMillis(result.record().wallMillis()),
                result.record().artifacts()));
      }
    }
    return told;
  }

  private boolean settle(Stage stage) throws RunStopped, IOException {
    StagePlan plan = planner.plan(stage, this::artifact);
    Result before = results.get(stage.name());
    if (before != null
        && before.plan().key().equals(plan.key())
        && missingOutputs(plan, before.record()).isEmpty()) {
      return true;
    }
    Optional<CommitRecord> committed = store.commit(plan.key());
    if (committed.isPresent() && usable(plan, committed.get())) {
      CommitRecord record = committed.get();
      results.put(stage.name(), new Result(plan, record, false));
      listener.on(new RunEvent.StageCached(stage.name(), Duration.ofMillis(record.wallMillis())));
      return true;
    }
    return make(plan, reason(plan, committed));
  }

  /** Runs the stage; false when something before it changed on the way. */
  private boolean make(StagePlan plan, String reason) throws RunStopped, IOException {
    for (int attempt = 1; ; attempt++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new RunStopped.Cancelled();
      }
      try {
        return attempt(plan, reason);
      } catch (RunStopped.Gone e) {
        if (attempt == ATTEMPTS) {
          throw failed(plan, new FailureCause.Lost(e.reason()));
        }
        if (e.workspaceLost()) {
          container.forget(e.reason());
        }
        listener.on(new RunEvent.StageRepeated(plan.stage().name(), e.reason()));
      }
    }
  }

  private boolean attempt(StagePlan plan, String reason) throws RunStopped, IOException {
    Optional<String> taken = plan.placeTaken();
    if (taken.isPresent()) {
      throw failed(plan, new FailureCause.PlaceTaken(taken.get()));
    }
    PipelineWorkspace workspace = container.open();
    Set<String> present = workspace.prepare(plan, planner.sources());
    if (!recover(plan, workspace, present)) {
      return false;
    }
    if (container.open() != workspace) {
      throw new RunStopped.Gone("the container died while earlier stages were made again", false);
    }
    listener.on(new RunEvent.StageStarted(plan.stage().name(), reason, workspace.container()));
    CommitRecord record = new StageRun(pipeline, plan, workspace, listener).run(present, clock);
    keepOutputs(plan, record, workspace);
    store.put(plan.key(), plan.stage().name(), record);
    results.put(plan.stage().name(), new Result(plan, record, true));
    listener.on(
        new RunEvent.StageFinished(
            plan.stage().name(), Duration.ofMillis(record.wallMillis()), record.artifacts()));
    return true;
  }

  /**
   * Puts back or makes again the artifacts of earlier stages that the stage needs and the container
   * does not have. False when one of them came out differently.
   */
  private boolean recover(StagePlan plan, PipelineWorkspace workspace, Set<String> present)
      throws RunStopped, IOException {
    List<StagePlan.MadeBefore> missing = missing(plan, present);
    if (missing.isEmpty()) {
      return true;
    }
    List<String> again = madeAgain(plan, workspace, missing);
    if (!again.isEmpty()) {
      listener.on(new RunEvent.Rebuilding(lossReason(missing, workspace), again));
    }
    for (String name : again) {
      CommitRecord before = result(name).record();
      if (!make(result(name).plan(), "needed again")) {
        return false;
      }
      if (!result(name).record().artifacts().equals(before.artifacts())) {
        return false;
      }
    }
    for (StagePlan.MadeBefore input : missing) {
      if (!again.contains(input.ref().stage())) {
        putBack(input, workspace);
      }
    }
    return true;
  }

  private List<StagePlan.MadeBefore> missing(StagePlan plan, Set<String> present) {
    return plan.inputs().values().stream()
        .filter(input -> !present.contains(input.path()))
        .flatMap(input -> input.artifact().stream())
        .distinct()
        .toList();
  }

  /**
   * The stages that have to run again for these artifacts, in order: a stage whose own inputs are
   * missing too needs the ones before it.
   */
  private List<String> madeAgain(
      StagePlan plan, PipelineWorkspace workspace, List<StagePlan.MadeBefore> missing)
      throws RunStopped {
    Map<String, String> files = new HashMap<>();
    ancestors(plan)
        .forEach(ancestor ->
            ancestor
                .inputs()
                .values()
                .forEach(input -> {
                  if (input.artifact().isPresent()) {
                    files.put(input.path(), input.sha256());
                  }
                }));
    Set<String> present = workspace.present(files);
    Set<String> again = new HashSet<>();
    missing.forEach(input -> again(input, present, again));
    return pipeline.stages().stream().map(Stage::name).filter(again::contains).toList();
  }

  private void again(StagePlan.MadeBefore input, Set<String> present, Set<String> again) {
    if (store.blobs().has(input.artifact()) || !again.add(input.ref().stage())) {
      return;
    }
    missing(result(input.ref().stage()).plan(), present)
        .forEach(before -> again(before, present, again));
  }

  private Set<StagePlan> ancestors(StagePlan plan) {
    Set<StagePlan> ancestors = new LinkedHashSet<>();
    plan.inputs()
        .values()
        .forEach(input ->
            input
                .artifact()
                .ifPresent(made -> {
                  StagePlan before = result(made.ref().stage()).plan();
                  if (ancestors.add(before)) {
                    ancestors.addAll(ancestors(before));
                  }
                }));
    return ancestors;
  }

  private String lossReason(List<StagePlan.MadeBefore> missing, PipelineWorkspace workspace) {
    return container
        .lost()
        .orElseGet(() ->
            "container "
                + workspace.container()
                + " no longer holds "
                + missing.getFirst().ref()
                + " as it was made");
  }

  private void putBack(StagePlan.MadeBefore input, PipelineWorkspace workspace)
      throws RunStopped, IOException {
    String path = workspace.paths().inStage(input.ref().stage(), input.artifact().filename());
    String sha256 = workspace.write(path, () -> store.blobs().open(input.artifact()));
    if (!sha256.equals(input.artifact().sha256())) {
      throw new CaissonException.Internal(
          "artifact "
              + input.ref()
              + " in the run store is damaged; delete out/ and the run store");
    }
    listener.on(new RunEvent.Restored(input.ref(), input.artifact().sizeBytes()));
  }

  /** Whether a committed result still serves: complete, big enough, its outputs to be had. */
  private boolean usable(StagePlan plan, CommitRecord record) throws RunStopped {
    Stage stage = plan.stage();
    if (!record.covers(stage) || unexpected(stage, record).isPresent()) {
      return false;
    }
    if (missingOutputs(plan, record).isEmpty()) {
      return true;
    }
    Optional<PipelineWorkspace> workspace = container.existing();
    if (workspace.isEmpty()) {
      return false;
    }
    try {
      keepOutputs(plan, record, workspace.get());
      return true;
    } catch (RunStopped.Gone | CaissonException | IOException e) {
      // Whatever was there is not what was made: a miss, and the stage runs again.
      return false;
    }
  }

  /** What of a committed result is below the least that {@code expect} now asks for. */
  private static Optional<String> unexpected(Stage stage, CommitRecord record) {
    return stage.minBytes().entrySet().stream()
        .filter(least -> record.artifact(least.getKey()).sizeBytes() < least.getValue())
        .map(least ->
            "expect changed: the kept "
                + least.getKey()
                + " has "
                + record.artifact(least.getKey()).sizeBytes()
                + " bytes, fewer than "
                + least.getValue())
        .findFirst();
  }

  private List<Artifact> missingOutputs(StagePlan plan, CommitRecord record) {
    return pipeline.outputs().stream()
        .filter(ref -> ref.stage().equals(plan.stage().name()))
        .map(ref -> record.artifact(ref.artifact()))
        .filter(artifact -> !store.blobs().has(artifact))
        .toList();
  }

  /** Brings the declared outputs into the run store; the hash is compared on arrival. */
  private void keepOutputs(StagePlan plan, CommitRecord record, PipelineWorkspace workspace)
      throws RunStopped, IOException {
    for (Artifact artifact : missingOutputs(plan, record)) {
      String path = workspace.paths().inStage(plan.stage().name(), artifact.filename());
      try (FileContent content = workspace.read(path)) {
        store.blobs().put(artifact, content.stream());
      }
    }
  }

  private RunStopped.Failed failed(StagePlan plan, FailureCause cause) {
    return new RunStopped.Failed(
        StageFailure.of(
            pipeline, plan.stage(), container.id(), cause, OptionalInt.empty(), List.of()));
  }

  private String reason(StagePlan plan, Optional<CommitRecord> committed) {
    if (committed.isPresent()) {
      return committed
          .filter(record -> record.covers(plan.stage()))
          .flatMap(record -> unexpected(plan.stage(), record))
          .orElse("its result cannot be had any more");
    }
    return store
        .lastCommit(plan.stage().name())
        .map(last -> plan.key().changesSince(last.key(), pipeline.params().keySet()))
        .map(changes -> changes.isEmpty() ? "runs again" : String.join(", ", changes))
        .orElse("first run");
  }

  private Result result(String stage) {
    Result result = results.get(stage);
    if (result == null) {
      throw new IllegalStateException("stage " + stage + " has no result yet");
    }
    return result;
  }
}
