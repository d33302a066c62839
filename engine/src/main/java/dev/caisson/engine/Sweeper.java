package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.ContainerStore;
import dev.caisson.store.Store;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Looks for what time or death has left to do: idle sandboxes, expired containers, containers of
 * dead owners, forgotten files. Touches only what nobody, this process or a dead owner held. Rounds
 * are made one at a time.
 */
final class Sweeper {
  private static final Logger LOG = System.getLogger(Sweeper.class.getName());
  private static final int EXPIRED_PER_ROUND = 100;
  private static final int TOMBSTONES_PER_ROUND = 100;

  private final Store store;
  private final ContainerStore containers;
  private final Sandboxes sandboxes;
  private final Ownership ownership;
  private final WarmContainers warm;
  private final Containers ending;
  private final Files files;
  private final Batches batches;
  private final Ledger ledger;
  private final Duration tombstones;
  private final IdempotentRequests idempotentRequests;
  private final InstantSource clock;
  private final ClockWatch clockWatch;
  private final AtomicBoolean workspacesSwept = new AtomicBoolean();

  Sweeper(
      Store store,
      Sandboxes sandboxes,
      Ownership ownership,
      WarmContainers warm,
      Containers ending,
      Files files,
      Batches batches,
      Ledger ledger,
      Duration tombstones,
      IdempotentRequests idempotentRequests,
      InstantSource clock,
      ClockWatch clockWatch) {
    this.store = store;
    this.containers = store.containers();
    this.sandboxes = sandboxes;
    this.ownership = ownership;
    this.warm = warm;
    this.ending = ending;
    this.files = files;
    this.batches = batches;
    this.ledger = ledger;
    this.tombstones = tombstones;
    this.idempotentRequests = idempotentRequests;
    this.clock = clock;
    this.clockWatch = clockWatch;
  }

  /** What must be true before the first caller looks: no cell of a dead server seems to run. */
  void settleCells() {
    for (ContainerRow row : containers.owned()) {
      if (row.cellRunning() && ownership.orphaned(row)) {
        store.cells().lose(row.id(), row.epoch(), ownership.lost(row).reason());
      }
    }
  }

  /** One round. */
  synchronized void sweep() {
    attempt("ledger", ledger::sweep);
    attempt("idle", warm::releaseIdle);
    boolean steady = clockWatch.steady();
    if (steady) {
      attempt("expired", this::endExpired);
    }
    attempt("orphans", this::takeOver);
    attempt("sizes", ending::measureIdle);
    attempt("unsettled batches", batches::settle);
    if (steady) {
      attempt("tombstones", this::forgetTombstones);
      attempt("files", files::sweep);
      attempt("batches", batches::sweep);
      attempt("idempotency", idempotentRequests::sweep);
    }
    attempt("store", store::sweep);
    if (!workspacesSwept.get()) {
      attempt("workspaces", this::deleteUnknownWorkspaces);
    }
  }

  private static void attempt(String what, Runnable task) {
    try {
      task.run();
    } catch (CaissonException | UncheckedIOException e) {
      LOG.log(Level.WARNING, "sweep=" + what + " failed: " + e.getMessage(), e);
    }
  }

  private void endExpired() {
    for (ContainerRow row : containers.expired(clock.instant(), EXPIRED_PER_ROUND)) {
      if (!ownership.heldByAnother(row)) {
        withIdle(row.id(), container -> endExpired(container, row));
      }
    }
  }

  private void endExpired(WarmContainer container, ContainerRow row) {
    if (own(container, row)
        && containers.end(row.id(), container.epoch(), ContainerStatus.EXPIRED, row.expiresAt())) {
      ending.clear(container);
    }
  }

  private void forgetTombstones() {
    Instant before = clock.instant().minus(tombstones);
    int forgotten = containers.forgetTombstones(before, TOMBSTONES_PER_ROUND);
    if (forgotten > 0) {
      LOG.log(Level.INFO, () -> "tombstones=" + forgotten + " forgotten");
    }
  }

  /**
   * Takes what dead owners held, ends what still runs of it, and finishes what they had begun to
   * delete. Also retries deletions of our own that failed.
   */
  private void takeOver() {
    for (ContainerRow row : containers.owned()) {
      boolean unfinished =
          ownership.ours(row) && row.ended().isPresent() && !row.endedAs(ContainerRow.UNMADE);
      if (ownership.orphaned(row) || unfinished) {
        withIdle(row.id(), container -> takeOver(container, row));
      }
    }
  }

  private void takeOver(WarmContainer container, ContainerRow row) {
    if (!own(container, row)) {
      return;
    }
    if (row.ended().isEmpty()) {
      if (!container.open()) {
        sandboxes.end(row.id());
      }
      warm.giveBack(container);
    } else if (row.endedAs(ContainerRow.UNMADE)) {
      sandboxes.delete(row.id());
      container.disown();
      containers.forget(row.id());
    } else {
      ending.clear(container);
    }
  }

  private boolean own(WarmContainer container, ContainerRow row) {
    if (container.owned()) {
      return true;
    }
    Optional<ContainerRow> ours = ownership.tryClaim(row);
    ours.ifPresent(now -> container.own(now.epoch()));
    return ours.isPresent();
  }

  /** Acts on a container that nobody uses; one in use is left to the next round. */
  private void withIdle(ContainerId id, Consumer<WarmContainer> action) {
    WarmContainer container = warm.hold(id);
    try {
      if (!container.turn().tryLock()) {
        return;
      }
      try {
        if (!container.door().tryLock()) {
          return;
        }
        try {
          if (!container.inUse()) {
            action.accept(container);
          }
        } finally {
          container.door().unlock();
        }
      } finally {
        container.turn().unlock();
      }
    } finally {
      warm.drop(container);
    }
  }

  /**
   * A row is written before its workspace is made, so a workspace that is seen before its row is
   * missing belongs to nobody.
   */
  private void deleteUnknownWorkspaces() {
    List<ContainerId> present = sandboxes.workspaces();
    for (ContainerId id : containers.unknown(present)) {
      LOG.log(Level.INFO, () -> "container=" + id + " has a workspace and no row; deleted");
      sandboxes.delete(id);
    }
    workspacesSwept.set(true);
  }
}
