package dev.caisson.engine;

import dev.caisson.domain.Batch;
import dev.caisson.domain.BatchClaim;
import dev.caisson.domain.BatchCounts;
import dev.caisson.domain.BatchHeaders;
import dev.caisson.domain.BatchId;
import dev.caisson.domain.BatchOutcome;
import dev.caisson.domain.BatchResult;
import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CursorPage;
import dev.caisson.domain.CursorRequest;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.store.BatchStore;
import dev.caisson.store.Owners;
import dev.caisson.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Message batches as they are kept: what is to run, what has run, what became of it. How a request
 * is answered is the affair of whoever claims it. Safe for use from many threads.
 */
public final class Batches {
  /** As on the hosted service: what has not run within a day is given up. */
  private static final Duration EXPIRY = Duration.ofHours(24);

  /** As on the hosted service: results can be had for so long after the batch was made. */
  private static final Duration KEPT = Duration.ofDays(29);

  /** The result of a request that had begun when its server ended; other results are JSON. */
  public static final String LOST = "server_restart";

  private final BatchStore store;
  private final HostDisk disk;
  private final Owners owners;
  private final String self;
  private final InstantSource clock;
  private volatile BatchListener listener = BatchListener.NONE;

  Batches(HostDisk disk, Store store, InstantSource clock) {
    this.disk = disk;
    this.store = store.batches();
    this.owners = store.owners();
    this.self = store.owner().id();
    this.clock = clock;
  }

  /** Names the one who is to hear of work and of its end. */
  public void listen(BatchListener newListener) {
    listener = newListener;
  }

  /** Begins a batch whose requests are billed as that key's; they are added to what is returned. */
  public BatchDraft begin(OrganizationId organization, KeyId key, BatchHeaders headers) {
    disk.requireRoom();
    Instant now = now();
    Batch batch =
        new Batch(
            BatchId.next(),
            new BatchCounts(0, 0, 0, 0, 0),
            now,
            now.plus(EXPIRY),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    store.begin(organization, key, batch, headers, self);
    return new BatchDraft(this, store, organization, batch.id());
  }

  Batch made(OrganizationId organization, BatchId id) {
    if (!store.made(id, self)) {
      throw new Conflict(
          "message batch " + id + " was given up because this process was taken for dead");
    }
    listener.mayRun();
    return get(organization, id);
  }

  /** The batch; throws NotFound when unknown, deleted or foreign. */
  public Batch get(OrganizationId organization, BatchId id) {
    return store.find(organization, id).orElseThrow(() -> NotFound.batch(id.value()));
  }

  /** Newest first; throws InvalidRequest when the batch that the request names is not there. */
  public CursorPage<Batch> list(OrganizationId organization, CursorRequest request) {
    return store.list(organization, request);
  }

  /** Stops a batch: what has not begun will not, and what runs is interrupted. */
  public Batch cancel(OrganizationId organization, BatchId id) {
    Batch batch = get(organization, id);
    if (batch.endedAt().isEmpty()) {
      store.cancel(id, now());
      listener.stop(id, BatchOutcome.CANCELED);
    }
    return get(organization, id);
  }

  /** Deletes a batch that has ended; throws InvalidRequest for any other. */
  public void delete(OrganizationId organization, BatchId id) {
    if (get(organization, id).endedAt().isEmpty()) {
      throw new InvalidRequest(
          "Message batch `" + id + "` is still in progress; cancel it before you delete it.");
    }
    store.delete(id);
  }

  /** Takes a request to run, which nobody else will get; empty when there is none. */
  public Optional<BatchClaim> claim() {
    return store.claim(self);
  }

  /** Why a claimed request is not to be run after all, if it is not. */
  public Optional<BatchOutcome> stopped(BatchClaim claim) {
    Batch batch = get(claim.organization(), claim.batch());
    if (batch.cancelInitiatedAt().isPresent()) {
      return Optional.of(BatchOutcome.CANCELED);
    }
    return batch.expiresAt().isAfter(now()) ? Optional.empty() : Optional.of(BatchOutcome.EXPIRED);
  }

  /** Says what became of a claimed request. */
  public void complete(BatchClaim claim, BatchOutcome outcome, String text) {
    store.complete(claim, self, outcome, text, now());
  }

  /** The results that follow a position, in the order of the requests; throws NotFound early. */
  public List<BatchResult> results(Batch batch, long afterPosition, int limit) {
    if (batch.endedAt().isEmpty()) {
      throw new NotFound(
          "Message batch `" + batch.id() + "` has no results yet; it is still in progress.");
    }
    if (batch.archivedAt().isPresent()) {
      throw new NotFound(
          "Message batch `"
              + batch.id()
              + "` has no results any more; they are kept for "
              + KEPT.toDays()
              + " days.");
    }
    return store.results(batch.id(), afterPosition, limit);
  }

  /** What must be true before the first request is claimed: nothing seems to run that does not. */
  void settle() {
    store.settle(owners, LOST, now());
  }

  void sweep() {
    Instant now = now();
    for (BatchId id : store.expired(now)) {
      store.expire(id, now);
      listener.stop(id, BatchOutcome.EXPIRED);
    }
    for (BatchId id : store.kept(now.minus(KEPT))) {
      store.archive(id, now);
    }
  }

  private Instant now() {
    return Instant.ofEpochMilli(clock.millis());
  }
}
