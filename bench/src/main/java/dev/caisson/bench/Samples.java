package dev.caisson.bench;

import java.util.Arrays;
import java.util.List;

/**
 * The times that one operation took.
 *
 * @param nanos in the order in which they were measured
 */
record Samples(List<Long> nanos) {
  /** A spread of the middle four fifths over this is noise rather than the operation's own. */
  private static final double NOISY_SPREAD = 3.0;

  Samples {
    if (nanos.isEmpty()) {
      throw new IllegalArgumentException("no samples");
    }
    nanos = List.copyOf(nanos);
  }

  double medianMillis() {
    return millis(0.5);
  }

  double p10Millis() {
    return millis(0.1);
  }

  double p90Millis() {
    return millis(0.9);
  }

  /** Whether other work on the machine shows in the times. */
  boolean noisy() {
    return p90Millis() > NOISY_SPREAD * p10Millis();
  }

  /** The quantile, interpolated between the two samples around it. */
  private double millis(double quantile) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    double position = quantile * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    double value = sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    return value / 1e6;
  }
}
