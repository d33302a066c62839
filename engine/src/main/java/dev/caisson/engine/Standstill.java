package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Busy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A quiet moment of a container: no file is being written through the engine, nothing is mounted,
 * nobody opens or closes a sandbox. Safe for use from many threads.
 */
final class Standstill {
  /** For writes that are under way to end; one that stalls must not stall the cells behind us. */
  private static final Duration WRITERS = Duration.ofSeconds(30);

  private final WarmContainers warm;

  Standstill(WarmContainers warm) {
    this.warm = warm;
  }

  /**
   * Does the work.
   *
   * @param container that the caller holds, with its turn
   */
  <T> T during(WarmContainer container, WarmContainers.StillWork<T> work)
      throws InterruptedException {
    container.mounting().lockInterruptibly();
    try {
      if (!container.writing().writeLock().tryLock(WRITERS.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new Busy(
            "container "
                + container.id()
                + ": files are being written; try again when they are there",
            Duration.ofSeconds(5));
      }
      try {
        return warm.whileStill(container, work);
      } finally {
        container.writing().writeLock().unlock();
      }
    } finally {
      container.mounting().unlock();
    }
  }
}
