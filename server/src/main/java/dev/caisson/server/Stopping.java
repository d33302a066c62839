package dev.caisson.server;

import dev.caisson.domain.CaissonException.Busy;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The first half of a graceful stop: nothing new is begun, and what runs has its time, bounded.
 * Safe for use from many threads.
 */
final class Stopping {
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);

  private final Duration grace;
  private volatile boolean begun;
  private volatile boolean over;

  Stopping(Duration grace) {
    this.grace = grace;
  }

  /** Throws Busy once the server stops; whoever comes then will find another one. */
  void refuse(Context context) {
    if (begun) {
      throw new Busy("Caisson is shutting down", Duration.ofSeconds(1));
    }
  }

  /** What runs gets no more time. */
  void hurry() {
    over = true;
  }

  /**
   * From here on requests are refused; returns when none runs any more, or their time is over. A
   * second call gives no second time.
   *
   * @param running how many there are
   */
  void await(LongSupplier running) {
    begun = true;
    long end = System.nanoTime() + grace.toNanos();
    try {
      while (!over && running.getAsLong() > 0 && System.nanoTime() - end < 0) {
        Thread.sleep(LOOK_EVERY);
      }
      over = true;
    } catch (InterruptedException e) {
      // Somebody is in more of a hurry than we are.
      Thread.currentThread().interrupt();
    }
  }
}
