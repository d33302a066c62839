package dev.caisson.sandbox;

import java.time.Duration;

/** A point on the monotonic clock. */
record Deadline(long nanoTime) {
  static Deadline in(Duration duration) {
    return new Deadline(System.nanoTime() + duration.toNanos());
  }

  /** Later by what has passed since a point of time. */
  Deadline afterWaitSince(long nanos) {
    return new Deadline(nanoTime + (System.nanoTime() - nanos));
  }

  /** Rounded up, so that a wait for it does not end before it. */
  long millisLeft() {
    return Math.ceilDiv(nanoTime - System.nanoTime(), 1_000_000L);
  }

  boolean passed() {
    return nanoTime - System.nanoTime() <= 0;
  }
}
