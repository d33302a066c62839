package dev.caisson.domain;

import java.time.Duration;

/**
 * What saving the variables of a container's interpreter may take. What does not fit is named in
 * the result of the next cell that would need it.
 *
 * @param size of all that is saved; it counts as part of the workspace
 * @param time that a save may take, and that bringing it back may take before the cell's own limit
 *     begins
 * @param delay without a cell after which a save begins by itself
 */
public record StateLimits(ByteSize size, Duration time, Duration delay) {
  /**
   * A fifth of the disk that a container has; time enough to write that much twice on a slow disk;
   * a pause that a client who sends one cell after the other does not make.
   */
  public static final StateLimits DEFAULT =
      new StateLimits(ByteSize.ofGibibytes(1), Duration.ofSeconds(30), Duration.ofSeconds(2));

  public StateLimits {
    if (!time.isPositive() || delay.isNegative()) {
      throw new IllegalArgumentException("the time of a save must be positive, its delay not less");
    }
  }

  public StateLimits withSize(ByteSize bytes) {
    return new StateLimits(bytes, time, delay);
  }

  public StateLimits withTime(Duration duration) {
    return new StateLimits(size, duration, delay);
  }

  public StateLimits withDelay(Duration duration) {
    return new StateLimits(size, time, duration);
  }
}
