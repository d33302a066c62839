package dev.caisson.server;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Requests in a minute, for each of many callers. Held in memory, so they start anew with the
 * server, and a limit that changes starts anew as well. Safe for use from many threads.
 *
 * @param <K> what a caller is known by
 */
final class RequestRates<K> {
  private static final Duration PERIOD = Duration.ofMinutes(1);

  private final ConcurrentHashMap<K, Rate> rates = new ConcurrentHashMap<>();
  private final TimeMeter meter;

  RequestRates(InstantSource clock) {
    this.meter = new ClockMeter(clock);
  }

  /** Counts one request, if there is room for it. */
  Count count(K caller, long perMinute) {
    Rate rate =
        Objects.requireNonNull(
            rates.compute(
                caller,
                (_, known) ->
                    known != null && known.perMinute() == perMinute ? known : rate(perMinute)));
    return new Count(perMinute, rate.bucket().tryConsumeAndReturnRemaining(1));
  }

  private Rate rate(long perMinute) {
    return new Rate(
        perMinute,
        Bucket.builder()
            .withCustomTimePrecision(meter)
            .addLimit(
                Bandwidth.builder().capacity(perMinute).refillGreedy(perMinute, PERIOD).build())
            .build());
  }

  private record Rate(long perMinute, Bucket bucket) {}

  /** What became of one request, and what is left for others. */
  record Count(long perMinute, ConsumptionProbe probe) {
    boolean within() {
      return probe.isConsumed();
    }

    long remaining() {
      return probe.getRemainingTokens();
    }

    Duration untilFull() {
      return Duration.ofNanos(probe.getNanosToWaitForReset());
    }

    /** Rounded up, so that who waits this long need not wait again. */
    Duration untilNext() {
      return Duration.ofSeconds(
          Math.ceilDiv(probe.getNanosToWaitForRefill(), TimeUnit.SECONDS.toNanos(1)));
    }
  }

  /** The injected clock in the library's terms. */
  private record ClockMeter(InstantSource clock) implements TimeMeter {
    @Override
    public long currentTimeNanos() {
      Instant now = clock.instant();
      return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    @Override
    public boolean isWallClockBased() {
      return true;
    }
  }
}
