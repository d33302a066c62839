package dev.caisson.engine;

import java.util.function.LongSupplier;

/**
 * Milliseconds that only go forward, whatever becomes of the wall clock: what the ledger measures
 * by. Two moments can be compared when they are of one timeline. Safe for use from many threads.
 */
final class LedgerClock {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final String timeline;
  private final LongSupplier nanos;
  private final long origin;

  /**
   * @param timeline a name that no other process has
   * @param nanos of a monotonic clock
   */
  LedgerClock(String timeline, LongSupplier nanos) {
    this.timeline = timeline;
    this.nanos = nanos;
    this.origin = nanos.getAsLong();
  }

  String timeline() {
    return timeline;
  }

  long now() {
    return (nanos.getAsLong() - origin) / NANOS_PER_MILLI;
  }
}
