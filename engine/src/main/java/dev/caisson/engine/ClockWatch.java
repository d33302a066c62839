package dev.caisson.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Notices when the wall clock jumps. What is deleted because its time has come cannot be brought
 * back, so it waits until whoever set the clock had time to set it right again. Not safe for use
 * from many threads.
 */
final class ClockWatch {
  private static final Logger LOG = System.getLogger(ClockWatch.class.getName());
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** Clocks that are steered differ by far less from one look to the next. */
  private static final long TOLERANCE_MILLIS = Duration.ofMinutes(1).toMillis();

  private final InstantSource wall;
  private final LongSupplier nanos;
  private final Duration grace;
  private long offsetMillis;
  private long jumpedAtNanos;
  private boolean jumped;

  /**
   * @param nanos of a monotonic clock
   * @param grace how long a clock that jumped is not believed
   */
  ClockWatch(InstantSource wall, LongSupplier nanos, Duration grace) {
    this.wall = wall;
    this.nanos = nanos;
    this.grace = grace;
    this.offsetMillis = offset();
  }

  /** Whether the clock may be believed; to be asked more often than it may drift by a minute. */
  boolean steady() {
    long before = offsetMillis;
    offsetMillis = offset();
    long jump = offsetMillis - before;
    if (Math.abs(jump) > TOLERANCE_MILLIS && grace.isPositive()) {
      jumped = true;
      jumpedAtNanos = nanos.getAsLong();
      LOG.log(
          Level.WARNING,
          () ->
              "clock jumped by "
                  + Duration.ofMillis(jump)
                  + ": nothing is deleted for its age for "
                  + grace);
    }
    if (jumped && nanos.getAsLong() - jumpedAtNanos >= grace.toNanos()) {
      jumped = false;
    }
    return !jumped;
  }

  private long offset() {
    return wall.millis() - nanos.getAsLong() / NANOS_PER_MILLI;
  }
}
