package dev.caisson.domain;

/**
 * A stretch of time in milliseconds of one process's monotonic clock.
 *
 * @param from included
 * @param until excluded; never before {@code from}
 */
public record Interval(long from, long until) {
  public Interval {
    if (until < from) {
      throw new IllegalArgumentException("an interval that ends before it begins");
    }
  }

  public long millis() {
    return until - from;
  }
}
