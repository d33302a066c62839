package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.IdempotentRequest;
import dev.caisson.domain.IdempotentRequest.State;
import dev.caisson.domain.KeptReply;
import dev.caisson.domain.OrganizationId;
import dev.caisson.store.IdempotencyStore;
import dev.caisson.store.IdempotencyStore.Extent;
import dev.caisson.store.IdempotencyStore.Found;
import dev.caisson.store.Owners;
import dev.caisson.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs a request at most once for each key that a client gives, over restarts and kill -9 too: the
 * key is noted before anything is done, the reply before it is sent. A key is good for {@link
 * #REMEMBERED}. Safe for use from many threads.
 */
public final class IdempotentRequests {
  /** As long as other APIs remember them; a client that retries for longer is not retrying. */
  public static final Duration REMEMBERED = Duration.ofHours(24);

  /** A reply with both output streams of a cell full, and escaped. */
  public static final int MAX_REPLY_BYTES = 8 << 20;

  /** For each organization, so that no client fills the disk with keys. */
  private static final long MAX_REQUESTS = 200_000;

  private static final long MAX_ALL_REPLY_BYTES = 512L << 20;

  private final IdempotencyStore store;
  private final Owners owners;
  private final String self;
  private final InstantSource clock;
  private final Set<String> running = ConcurrentHashMap.newKeySet();

  /** As the sweeper last saw it: the bounds are coarse and need no exact count. */
  private volatile Map<OrganizationId, Extent> extents = Map.of();

  IdempotentRequests(Store store, InstantSource clock) {
    this.store = store.idempotency();
    this.owners = store.owners();
    this.self = store.owner().id();
    this.clock = clock;
  }

  /**
   * Notes a request before it is run; it is then completed or forgotten.
   *
   * @param requestId under which it is run
   * @param request what is asked for
   * @return the request that the key has been used for; empty when this one is to be run
   */
  public Optional<IdempotentRequest> begin(
      OrganizationId organization, String key, String requestId, String request) {
    if (extent(organization).requests() >= MAX_REQUESTS) {
      throw new Busy(
          "organization "
              + organization
              + ": "
              + MAX_REQUESTS
              + " idempotency keys in "
              + REMEMBERED.toHours()
              + " hours, which is the limit",
          Duration.ofMinutes(1));
    }
    Instant now = Instant.ofEpochMilli(clock.millis());
    running.add(requestId);
    boolean begun = false;
    try {
      Optional<Found> earlier =
          store.begin(organization, key, requestId, request, self, now, now.minus(REMEMBERED));
      begun = earlier.isEmpty();
      return earlier.map(this::asItIsNow);
    } finally {
      if (!begun) {
        running.remove(requestId);
      }
    }
  }

  /** A request that seems to run, and that nobody living works on, is one whose end is unknown. */
  private IdempotentRequest asItIsNow(Found found) {
    IdempotentRequest request = found.request();
    boolean lost =
        request.state() == State.RUNNING
            && (found.owner().equals(self)
                ? !running.contains(request.id())
                : !owners.alive(found.owner()));
    return lost
        ? new IdempotentRequest(
            request.id(),
            request.request(),
            request.bodySha256(),
            State.UNKNOWN,
            Optional.empty(),
            request.begunAt())
        : request;
  }

  /**
   * Notes that a request is done.
   *
   * @param reply empty when it cannot be said again; one that is too large is not kept either
   */
  public void complete(
      OrganizationId organization,
      String key,
      String requestId,
      String bodySha256,
      Optional<KeptReply> reply) {
    boolean room = extent(organization).replyBytes() < MAX_ALL_REPLY_BYTES;
    try {
      store.complete(
          organization,
          key,
          requestId,
          bodySha256,
          reply.filter(kept -> room && kept.text().length() <= MAX_REPLY_BYTES));
    } finally {
      running.remove(requestId);
    }
  }

  /** Forgets a request that changed nothing: its key may be used again. */
  public void forget(OrganizationId organization, String key, String requestId) {
    try {
      store.forget(organization, key, requestId);
    } finally {
      running.remove(requestId);
    }
  }

  private Extent extent(OrganizationId organization) {
    return extents.getOrDefault(organization, Extent.NONE);
  }

  /** Forgets what is old, and looks how much there is. */
  void sweep() {
    store.forgetBefore(clock.instant().minus(REMEMBERED));
    extents = store.extents();
  }
}
