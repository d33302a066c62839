package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.KeyId;
import dev.caisson.wire.Timestamps;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * How much one key may ask for: requests in a minute, and requests that run code at the same time.
 * Held in memory, so they start anew with the server. Safe for use from many threads.
 */
final class KeyLimits {
  private static final Duration PERIOD = Duration.ofMinutes(1);
  private static final String HEADER = "anthropic-ratelimit-requests-";

  private final ConcurrentHashMap<KeyId, Allowance> allowances = new ConcurrentHashMap<>();
  private final int requestsPerMinute;
  private final int concurrentCells;
  private final InstantSource clock;
  private final TimeMeter meter;

  KeyLimits(int requestsPerMinute, int concurrentCells, InstantSource clock) {
    this.requestsPerMinute = requestsPerMinute;
    this.concurrentCells = concurrentCells;
    this.clock = clock;
    this.meter = new ClockMeter(clock);
  }

  /** Counts a request and says in its reply what is left; throws Busy when nothing is. */
  void countRequest(Context context) {
    KeyId key = new Exchange(context).key();
    ConsumptionProbe probe = allowance(key).requests().tryConsumeAndReturnRemaining(1);
    Duration untilFull = Duration.ofNanos(probe.getNanosToWaitForReset());
    Instant reset = clock.instant().plus(untilFull).truncatedTo(ChronoUnit.SECONDS);
    context.header(HEADER + "limit", Integer.toString(requestsPerMinute));
    context.header(HEADER + "remaining", Long.toString(probe.getRemainingTokens()));
    context.header(HEADER + "reset", Timestamps.format(reset));
    if (!probe.isConsumed()) {
      throw new CaissonException.Busy(
          "This request is over the limit of this API key: "
              + requestsPerMinute
              + " requests in a minute",
          seconds(probe.getNanosToWaitForRefill()));
    }
  }

  /** A place among the key's requests that run code; one request takes it once. */
  CellPlace place(KeyId key) {
    return new CellPlace(allowance(key).cells());
  }

  private Allowance allowance(KeyId key) {
    return allowances.computeIfAbsent(
        key,
        _ ->
            new Allowance(
                Bucket.builder()
                    .withCustomTimePrecision(meter)
                    .addLimit(
                        Bandwidth.builder()
                            .capacity(requestsPerMinute)
                            .refillGreedy(requestsPerMinute, PERIOD)
                            .build())
                    .build(),
                new Semaphore(concurrentCells)));
  }

  /** Rounded up, so that who waits this long need not wait again. */
  private static Duration seconds(long nanos) {
    return Duration.ofSeconds(Math.ceilDiv(nanos, TimeUnit.SECONDS.toNanos(1)));
  }

  private record Allowance(Bucket requests, Semaphore cells) {}

  /** Held from the first code that a request runs to the request's end. For one thread. */
  final class CellPlace implements AutoCloseable {
    private final Semaphore places;
    private boolean taken;

    private CellPlace(Semaphore places) {
      this.places = places;
    }

    /** Takes the place unless this request has it; throws Busy when all are taken. */
    void take() {
      if (taken) {
        return;
      }
      if (!places.tryAcquire()) {
        throw new CaissonException.Busy(
            "This API key runs " + concurrentCells + " cells already, which is its limit",
            Duration.ofSeconds(1));
      }
      taken = true;
    }

    @Override
    public void close() {
      if (taken) {
        taken = false;
        places.release();
      }
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
