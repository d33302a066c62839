package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.engine.Organizations;
import dev.caisson.server.RequestRates.Count;
import dev.caisson.wire.Timestamps;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * How much one key may ask for: requests in a minute, of its own and together with the other keys
 * of its organization, and requests that run code at the same time. Held in memory, so they start
 * anew with the server. Safe for use from many threads.
 */
final class KeyLimits {
  private static final String HEADER = "anthropic-ratelimit-requests-";

  private final ConcurrentHashMap<KeyId, Semaphore> cells = new ConcurrentHashMap<>();
  private final RequestRates<KeyId> ofKeys;
  private final RequestRates<OrganizationId> ofOrganizations;
  private final Organizations organizations;
  private final int requestsPerMinute;
  private final int concurrentCells;
  private final InstantSource clock;

  KeyLimits(ServerSettings settings, Organizations organizations, InstantSource clock) {
    this.requestsPerMinute = settings.keyRequests();
    this.concurrentCells = settings.keyCells();
    this.organizations = organizations;
    this.clock = clock;
    this.ofKeys = new RequestRates<>(clock);
    this.ofOrganizations = new RequestRates<>(clock);
  }

  /** Counts a request and says in its reply what is left; throws Busy when nothing is. */
  void countRequest(Context context) {
    Exchange exchange = new Exchange(context);
    OrganizationId organization = exchange.organization();
    Count ofKey = ofKeys.count(exchange.key(), requestsPerMinute);
    if (!ofKey.within()) {
      tell(context, ofKey);
      throw over("this API key", "", ofKey);
    }
    Count ofAll =
        ofOrganizations.count(
            organization, organizations.limits(organization).of(OrganizationLimit.REQUESTS));
    tell(context, ofAll.remaining() < ofKey.remaining() ? ofAll : ofKey);
    if (!ofAll.within()) {
      throw over("organization " + organization, " (requests)", ofAll);
    }
  }

  private void tell(Context context, Count count) {
    Instant reset = clock.instant().plus(count.untilFull()).truncatedTo(ChronoUnit.SECONDS);
    context.header(HEADER + "limit", Long.toString(count.perMinute()));
    context.header(HEADER + "remaining", Long.toString(count.remaining()));
    context.header(HEADER + "reset", Timestamps.format(reset));
  }

  private static CaissonException over(String whose, String name, Count count) {
    return new CaissonException.Busy(
        "This request is over the limit of "
            + whose
            + ": "
            + count.perMinute()
            + " requests in a minute"
            + name,
        count.untilNext());
  }

  /** A place among the key's requests that run code; one request takes it once. */
  CellPlace place(KeyId key) {
    return new CellPlace(cells.computeIfAbsent(key, _ -> new Semaphore(concurrentCells)));
  }

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
}
