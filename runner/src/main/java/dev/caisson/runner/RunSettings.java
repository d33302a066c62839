package dev.caisson.runner;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;

/**
 * Where and how to run pipelines.
 *
 * @param store the runner's directory, {@code runs/} of the data directory
 * @param lockWait how long to wait for another run of the same pipeline; zero fails at once
 * @param params values over those of the pipeline's definition
 * @param image of pipelines that name none
 */
public record RunSettings(
    Path store, InstantSource clock, Duration lockWait, Map<String, String> params, String image) {
  /** The image that Caisson builds by itself. */
  public static final String DEFAULT_IMAGE = "default";

  /** Longer than most runs: two scheduled runs that overlap should both succeed. */
  public static final Duration DEFAULT_LOCK_WAIT = Duration.ofHours(1);

  public RunSettings {
    params = Map.copyOf(params);
  }

  public static RunSettings defaults(Path store) {
    return new RunSettings(
        store, InstantSource.system(), DEFAULT_LOCK_WAIT, Map.of(), DEFAULT_IMAGE);
  }

  public RunSettings withLockWait(Duration wait) {
    return new RunSettings(store, clock, wait, params, image);
  }

  public RunSettings withParams(Map<String, String> newParams) {
    return new RunSettings(store, clock, lockWait, newParams, image);
  }

  public RunSettings withImage(String name) {
    return new RunSettings(store, clock, lockWait, params, name);
  }
}
