package dev.caisson.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What remains of a container that has ended.
 *
 * @param lastCell the last one that ran in it
 * @param peakMemoryBytes the most its sandboxes ever used at once, as far as it was measured
 * @param peakDiskBytes the largest size of its workspace that was ever measured
 * @param cost of all its requests
 * @param files that it held, as they were last seen
 */
public record Tombstone(
    Optional<LastCell> lastCell,
    long peakMemoryBytes,
    long peakDiskBytes,
    ContainerCost cost,
    Held files) {
  /** A cell, and how it ended. */
  public record LastCell(CellId id, CellOutcome outcome, Instant startedAt) {}

  /**
   * The files of a workspace that is gone.
   *
   * @param listed by path
   * @param omitted how many more there were than are listed
   * @param incomplete whether there may have been others that no scan had seen
   */
  public record Held(List<ChangedFile> listed, long omitted, boolean incomplete) {
    public static final Held NOTHING = new Held(List.of(), 0, false);

    /** Copies the list. */
    public Held {
      listed = List.copyOf(listed);
    }
  }
}
