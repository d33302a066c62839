package dev.caisson.engine;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.HostFull;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The disk that the data directory lies on, and the floor of free space that is kept there for what
 * runs already: ends of cells, rows of the ledger, deletions. Safe for use from many threads.
 */
final class HostDisk {
  /** Below this part of the floor what runs must end, or the disk fills up under it. */
  private static final int RED_LINE_PART = 4;

  private final ByteSize floor;
  private final Supplier<ByteSize> free;
  private final BooleanSupplier reserveSpent;
  private final EngineListener announcer;

  /**
   * @param reserveSpent whether the disk has been so full that the store had to give up what it
   *     keeps for deletions; the red line is passed then, whatever the floor
   */
  HostDisk(
      ByteSize floor,
      Supplier<ByteSize> free,
      BooleanSupplier reserveSpent,
      EngineListener announcer) {
    this.floor = floor;
    this.free = free;
    this.reserveSpent = reserveSpent;
    this.announcer = announcer;
  }

  /** To be called before anything new is taken in; throws HostFull. */
  void requireRoom() {
    require(floor.bytes());
  }

  /** To be called before a cell: it may be the one that clears up; throws HostFull. */
  void requireRoomForCell() {
    require(floor.bytes() / RED_LINE_PART);
  }

  /** Whether there is less than the floor. */
  boolean low() {
    return free.get().bytes() < floor.bytes() || reserveSpent.getAsBoolean();
  }

  boolean hasRoomForCell() {
    return free.get().bytes() >= floor.bytes() / RED_LINE_PART && !reserveSpent.getAsBoolean();
  }

  private void require(long bytes) {
    ByteSize now = free.get();
    boolean low = now.bytes() < bytes;
    if (low || reserveSpent.getAsBoolean()) {
      announcer.refusedForDisk();
      throw low ? HostFull.refused(now, floor) : HostFull.reserveSpent();
    }
  }

  /** What to tell cells that must end before the disk is full; empty while they need not. */
  Optional<String> emergency() {
    ByteSize now = free.get();
    if (reserveSpent.getAsBoolean()) {
      return Optional.of(
          "the disk of the host, not the container's own limit, is full; the cell was ended");
    }
    return now.bytes() < floor.bytes() / RED_LINE_PART
        ? Optional.of(
            "the disk of the host, not the container's own limit, has "
                + now
                + " left, under a quarter of its floor of "
                + floor
                + "; the cell was ended")
        : Optional.empty();
  }
}
