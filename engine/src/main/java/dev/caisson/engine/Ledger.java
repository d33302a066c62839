package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.IdKind;
import dev.caisson.domain.Requester;
import dev.caisson.domain.RunId;
import dev.caisson.domain.Tariff;
import dev.caisson.store.LedgerChange;
import dev.caisson.store.LedgerStore;
import dev.caisson.store.Owners;
import dev.caisson.store.Store;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** What is billed and to whom. Safe for use from many threads. */
public final class Ledger {
  private static final Logger LOG = System.getLogger(Ledger.class.getName());

  private final Tariff tariff;
  private final LedgerStore store;
  private final Owners owners;
  private final String self;
  private final InstantSource wall;
  private final LedgerClock clock;

  /** Those whose row could not be written when their request ended. */
  private final Set<Billing> unwritten = ConcurrentHashMap.newKeySet();

  Ledger(Tariff tariff, Store store, InstantSource wall, LongSupplier nanos) {
    this.tariff = tariff;
    this.store = store.ledger();
    this.owners = store.owners();
    this.self = store.owner().id();
    this.wall = wall;
    this.clock = new LedgerClock(self, nanos);
  }

  /** The prices in force. */
  public Tariff tariff() {
    return tariff;
  }

  /**
   * A message: later requests may go on with its code, as one request to the bill.
   *
   * @param exempt whether it lists a web tool that makes code execution free
   */
  public Billing ofMessage(Requester requester, boolean exempt) {
    return open(requester, Optional.empty(), Optional.of(requester.requestId()), exempt, false);
  }

  /** A cell by itself, or one of a pipeline run, whose cells are one request to the bill. */
  Billing ofCell(Requester requester, Optional<RunId> run) {
    return open(requester, run, run.map(RunId::value), false, true);
  }

  /** The making of a container with files. */
  Billing ofCreation(Requester requester) {
    return open(requester, Optional.empty(), Optional.empty(), false, false);
  }

  Billing open(
      Requester requester,
      Optional<RunId> run,
      Optional<String> group,
      boolean exempt,
      boolean endsWithCell) {
    return new Billing(this, IdKind.REQUEST.next(), requester, run, group, exempt, endsWithCell);
  }

  /** What can be asked of it. */
  public LedgerReports reports() {
    return new LedgerReports(store, tariff);
  }

  /** Writes the rows of requests whose process is dead. */
  void settle() {
    int closed = store.settle(owners, tariff, instant());
    if (closed > 0) {
      LOG.log(Level.INFO, () -> "ledger closed=" + closed + " requests of dead processes");
    }
  }

  void sweep() {
    store.keepAlive(self, now());
    for (Billing billing : List.copyOf(unwritten)) {
      billing.abandon();
      unwritten.remove(billing);
    }
    settle();
  }

  /**
   * Ends a billing whose request has failed, or has none any more: with a row if anything ran. When
   * that fails too it is tried again later.
   */
  public void endQuietly(Billing billing) {
    try {
      billing.abandon();
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, "a row of the ledger cannot be written yet", e);
      unwritten.add(billing);
    }
  }

  void apply(LedgerChange change) {
    if (!(change instanceof LedgerChange.None)) {
      store.apply(change);
    }
  }

  String owner() {
    return self;
  }

  String timeline() {
    return clock.timeline();
  }

  /** Now, by the clock of intervals. */
  long now() {
    return clock.now();
  }

  /** Now, by the wall clock. */
  Instant instant() {
    return Instant.ofEpochMilli(wall.millis());
  }
}
