package dev.caisson.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * What remains of a container that has ended.
 *
 * @param lastCell the last one that ran in it
 * @param peakMemoryBytes the most its sandboxes ever used at once, as far as it was measured
 * @param peakDiskBytes the largest size of its workspace that was ever measured
 * @param cost of all its requests
 */
public record Tombstone(
    Optional<LastCell> lastCell, long peakMemoryBytes, long peakDiskBytes, ContainerCost cost) {
  /** A cell, and how it ended. */
  public record LastCell(CellId id, CellOutcome outcome, Instant startedAt) {}
}
