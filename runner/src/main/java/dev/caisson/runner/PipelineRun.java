package dev.caisson.runner;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs a pipeline: what nothing has changed for is reused, the rest runs in one container, and the
 * declared outputs land in {@code out/} beside the pipeline file. Running again is resuming.
 */
public final class PipelineRun {
  private PipelineRun() {}

  /** As {@link #run(CaissonClient, Pipeline, RunSettings, RunListener)}, read from a file. */
  public static RunResult run(
      CaissonClient client, Path directoryOrFile, RunSettings settings, RunListener listener) {
    return run(client, PipelineFile.read(directoryOrFile), settings, listener);
  }

  /**
   * Runs the pipeline to its end, in the calling thread. A stage that fails and an interrupt are
   * results; finished stages stay finished either way.
   *
   * @throws CaissonException.InvalidRequest when the definition, a parameter or the image is wrong
   * @throws CaissonException.Conflict when another run of the pipeline outlasts the wait
   */
  public static RunResult run(
      CaissonClient client, Pipeline pipeline, RunSettings settings, RunListener listener) {
    Pipeline actual = withParams(pipeline, settings.params()).withDefaultImage(settings.image());
    RunStore store = RunStore.of(settings.store(), actual);
    String me = "process " + ProcessHandle.current().pid() + " since " + settings.clock().instant();
    try (RunLock _ =
        RunLock.acquire(
            store.lockFile(),
            actual.name(),
            me,
            settings.lockWait(),
            holder -> listener.on(new RunEvent.Waiting(holder)))) {
      return locked(client, actual, settings, listener, store);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return cancelledAtStart(actual);
    } catch (CaissonException e) {
      if (Thread.currentThread().isInterrupted()) {
        return cancelledAtStart(actual);
      }
      throw e;
    }
  }

  private static RunResult cancelledAtStart(Pipeline pipeline) {
    return new RunResult(
        pipeline.name(), new RunResult.Outcome.Cancelled(), List.of(), Optional.empty(), List.of());
  }

  private static RunResult locked(
      CaissonClient client,
      Pipeline pipeline,
      RunSettings settings,
      RunListener listener,
      RunStore store) {
    store.sweep(pipeline.outputDirectory());
    String imageDigest = client.imageDigest(pipeline.image().orElse(settings.image()));
    HashCache hashes = store.hashes(settings.clock());
    RunContainer container = new RunContainer(client, pipeline, imageDigest, store, listener);
    StageResults results =
        new StageResults(
            pipeline,
            new StagePlanner(pipeline, imageDigest, hashes),
            store,
            container,
            settings.clock(),
            listener);
    OutputDirectory outputs = new OutputDirectory(pipeline, store.blobs(), hashes, listener);
    RunResult.Outcome outcome;
    List<Path> written = new ArrayList<>();
    try {
      // A second round only when a kept output turned out to be damaged on disk.
      do {
        results.settle();
      } while (!outputs.bringOut(results::artifact, written));
      outcome = new RunResult.Outcome.Succeeded();
    } catch (RunStopped e) {
      outcome = outcome(e, listener);
    } catch (IOException | CaissonException e) {
      outcome = new RunResult.Outcome.Cancelled();
      // An interrupt shows as a failure of whatever it caught in the middle.
      if (!Thread.currentThread().isInterrupted()) {
        throw e instanceof CaissonException known
            ? known
            : new CaissonException.Internal(
                "pipeline " + pipeline.name() + ": " + e.getMessage(), e);
      }
    } finally {
      hashes.save();
    }
    return new RunResult(pipeline.name(), outcome, results.told(), container.id(), written);
  }

  private static RunResult.Outcome outcome(RunStopped stopped, RunListener listener) {
    return switch (stopped) {
      case RunStopped.Failed failed -> {
        listener.on(new RunEvent.StageFailed(failed.failure()));
        yield new RunResult.Outcome.Failed(failed.failure());
      }
      case RunStopped.Cancelled _ -> new RunResult.Outcome.Cancelled();
      case RunStopped.Gone gone ->
          throw new IllegalStateException("a stage gave up without saying so", gone);
    };
  }

  private static Pipeline withParams(Pipeline pipeline, Map<String, String> params) {
    for (String param : params.keySet()) {
      if (!pipeline.params().containsKey(param)) {
        throw new CaissonException.InvalidRequest(
            "pipeline "
                + pipeline.name()
                + " has no parameter '"
                + param
                + "'"
                + Suggestion.near(param, pipeline.params().keySet())
                + " (it has: "
                + String.join(", ", pipeline.params().keySet())
                + ")");
      }
    }
    return params.isEmpty() ? pipeline : pipeline.withParams(params);
  }
}
