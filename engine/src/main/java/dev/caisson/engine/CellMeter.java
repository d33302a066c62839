package dev.caisson.engine;

import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.ContainerId;
import dev.caisson.sandbox.CallHandler;
import dev.caisson.sandbox.CellCall;
import dev.caisson.store.LedgerChange;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says to whose bill the time of one cell goes. A cell that waits for tools of the client goes on
 * in the request that brings their results; one that goes on when nobody has asked is billed to the
 * request that it served last. Safe for use from many threads.
 */
final class CellMeter {
  private final Ledger ledger;

  // Guarded by this.
  private Billing billing;
  private @Nullable ContainerId container;
  private long epoch;
  private boolean inside;
  private boolean executing;

  CellMeter(Ledger ledger, Billing billing) {
    this.ledger = ledger;
    this.billing = billing;
  }

  /** The cell is in its container. */
  synchronized void enter(ContainerId id, WarmContainers.Visit visit) {
    container = id;
    epoch = visit.epoch();
    inside = true;
    billing.enter(id, epoch, visit.openingMillis());
  }

  /** The cell begins; what is returned is part of the transaction that says so. */
  synchronized LedgerChange begin() {
    executing = true;
    billing.execute();
    return billing.keeping();
  }

  /** That transaction did not come about. */
  synchronized void notBegun() {
    executing = false;
    billing.notBegun();
  }

  /** The tools of a cell, whose answers it waits for. */
  CallHandler around(CallHandler calls) {
    return made -> answer(calls, made);
  }

  private Optional<List<CallAnswer>> answer(CallHandler calls, List<CellCall> made)
      throws InterruptedException {
    pause();
    try {
      return calls.answer(made);
    } finally {
      goOn();
    }
  }

  private synchronized void pause() {
    current().pause();
    inside = false;
  }

  private void goOn() {
    Billing now;
    synchronized (this) {
      inside = true;
      now = current();
    }
    now.keep();
  }

  /** Another request goes on with the cell. */
  synchronized void attach(Billing next) {
    next.join(billing);
    if (inside) {
      current().pause();
    }
    Billing before = billing;
    if (before.endsWithCell()) {
      ledger.endQuietly(before);
    }
    billing = next;
    if (inside && container != null) {
      next.resume(container, epoch);
    }
  }

  /** The billing that is open for this cell: a new one when the request has ended before it. */
  private Billing current() {
    if (billing.isClosed()) {
      billing = billing.successor();
    }
    if (inside && container != null && !billing.isInside()) {
      billing.resume(container, epoch);
    }
    return billing;
  }

  /** The code has ended; what is returned is part of the transaction that says so. */
  synchronized LedgerChange end(Duration cpu) {
    Billing last = current();
    executing = false;
    last.executed(cpu);
    last.leave();
    inside = false;
    return last.ending();
  }

  /** That transaction is over. */
  synchronized void ended() {
    billing.ended();
  }

  /** The cell has left its container, however it ended. */
  synchronized void leave() {
    if (inside) {
      if (executing) {
        billing.executed(Duration.ZERO);
      }
      billing.leave();
      inside = false;
    }
    if (billing.endsWithCell()) {
      ledger.endQuietly(billing);
    }
  }
}
