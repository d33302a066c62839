package dev.caisson.engine;

import java.time.Duration;

/**
 * How long a cell may wait for tools that it calls.
 *
 * @param answer for the calls that it waits for at once; they time out after it
 * @param invocation for a cell with all its waits, from its first call on; it is ended after it
 */
public record CallLimits(Duration answer, Duration invocation) {
  /**
   * The hosted service's wait. Its whole invocation has a bound too, which is not published; an
   * hour lets a program make a dozen slow calls, or hundreds of quick ones.
   */
  public static final CallLimits DEFAULT =
      new CallLimits(Duration.ofSeconds(270), Duration.ofHours(1));

  public CallLimits {
    if (!answer.isPositive() || !invocation.isPositive()) {
      throw new IllegalArgumentException("a limit of waiting must be positive");
    }
  }
}
