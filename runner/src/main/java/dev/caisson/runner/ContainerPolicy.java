package dev.caisson.runner;

import java.time.Duration;
import java.util.Optional;

/**
 * How a pipeline uses its container.
 *
 * @param cellLimit the longest a stage may run, and the limit of those that name no timeout of
 *     their own; empty for the container's own cell limit
 * @param reuse whether the next run carries on in the same container; otherwise a run that has work
 *     to do starts with a fresh one
 */
public record ContainerPolicy(Optional<Duration> cellLimit, boolean reuse) {
  public static final ContainerPolicy DEFAULT = new ContainerPolicy(Optional.empty(), true);
}
