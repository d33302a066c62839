package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Charge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Interval;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.Requester;
import dev.caisson.domain.RunId;
import dev.caisson.domain.StoredFile;
import dev.caisson.store.LedgerChange;
import dev.caisson.store.OpenCharge;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Collects what one request uses of a container, and closing it writes the row, before the reply
 * goes out. One stay in the container follows another; the time between two stays counts, unless
 * code has waited for tools of the client meanwhile or the container was given up. Safe for use
 * from many threads.
 */
public final class Billing implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Billing.class.getName());

  private final Ledger ledger;
  private final String id;
  private final Requester requester;
  private final Optional<RunId> run;
  private final boolean exempt;

  /** Whether the row is written with the end of the cell, not by whoever answers the request. */
  private final boolean endsWithCell;

  // Guarded by this.
  private Optional<String> group;
  private @Nullable ContainerId container;
  private long firstEpoch;
  private long epoch;
  private Instant startedAt = Instant.EPOCH;
  private final List<Interval> parts = new ArrayList<>();
  private int stays;
  private OptionalLong runningFrom = OptionalLong.empty();
  private OptionalLong executingFrom = OptionalLong.empty();
  private boolean apart;
  private long preloadMillis;
  private long executionMillis;
  private Duration cpu = Duration.ZERO;
  private long attachedFiles;
  private long attachedBytes;
  private long cells;
  private long cellMillis;
  private long aloneMillis;
  private boolean toolRan;
  private boolean ranBefore;
  private boolean kept;
  private boolean closed;

  Billing(
      Ledger ledger,
      String id,
      Requester requester,
      Optional<RunId> run,
      Optional<String> group,
      boolean exempt,
      boolean endsWithCell) {
    this.ledger = ledger;
    this.id = id;
    this.requester = requester;
    this.run = run;
    this.group = group;
    this.exempt = exempt;
    this.endsWithCell = endsWithCell;
  }

  /** Whose request it is. */
  public Requester requester() {
    return requester;
  }

  boolean endsWithCell() {
    return endsWithCell;
  }

  /** Whether code or an edit of the request was begun. */
  public synchronized boolean toolRan() {
    return toolRan;
  }

  /** Goes on with what another request has begun: one request to the bill. */
  void join(Billing earlier) {
    Optional<String> joined = earlier.group();
    synchronized (this) {
      if (joined.isPresent()) {
        group = joined;
      }
    }
  }

  private synchronized Optional<String> group() {
    return group;
  }

  /** A billing for what code does after its request has ended: it ends with the code. */
  Billing successor() {
    return ledger.open(requester, run, group(), exempt, true);
  }

  /**
   * A stay in the container begins.
   *
   * @param openingMillis it took until now to open the sandbox for it
   */
  synchronized void enter(ContainerId id, long term, long openingMillis) {
    if (closed) {
      return;
    }
    long from = ledger.now() - openingMillis;
    if (container == null) {
      container = id;
      firstEpoch = term;
      startedAt = ledger.instant();
    }
    preloadMillis += openingMillis;
    if (stays++ == 0) {
      boolean goesOn = !parts.isEmpty() && !apart && term == epoch;
      runningFrom = OptionalLong.of(goesOn ? parts.removeLast().from() : from);
      apart = false;
      epoch = term;
    }
  }

  /** The stay ends. */
  synchronized void leave() {
    if (!closed && --stays == 0 && runningFrom.isPresent()) {
      parts.add(
          new Interval(runningFrom.getAsLong(), Math.max(runningFrom.getAsLong(), ledger.now())));
      runningFrom = OptionalLong.empty();
    }
  }

  /**
   * Brings things into the container.
   *
   * @param files among them, which are billed though nothing runs
   */
  void preload(
      ContainerId id, WarmContainers.Visit visit, List<StoredFile> files, Preloading preloading)
      throws InterruptedException {
    long from;
    synchronized (this) {
      enter(id, visit.epoch(), visit.openingMillis());
      from = ledger.now();
      attachedFiles += files.size();
      attachedBytes += files.stream().mapToLong(StoredFile::sizeBytes).sum();
    }
    try {
      ledger.apply(keeping());
      preloading.run();
    } finally {
      synchronized (this) {
        preloadMillis += ledger.now() - from;
        leave();
      }
    }
  }

  /** What brings things into a container. */
  interface Preloading {
    void run() throws InterruptedException;
  }

  /** An edit begins; it ends with the visit. */
  void edit(ContainerId id, WarmContainers.Visit visit) {
    synchronized (this) {
      enter(id, visit.epoch(), visit.openingMillis());
      toolRan = true;
      cellMillis = 0;
      executingFrom = OptionalLong.of(ledger.now());
    }
    visit.whenOver(this::editEnds);
    keep();
  }

  private synchronized void editEnds() {
    stopExecuting();
    leave();
  }

  /** A cell begins. */
  synchronized void execute() {
    ranBefore = toolRan;
    toolRan = true;
    cells++;
    cellMillis = 0;
    executingFrom = OptionalLong.of(ledger.now());
  }

  /** A cell did not begin after all. */
  synchronized void notBegun() {
    toolRan = ranBefore;
    cells--;
    executingFrom = OptionalLong.empty();
    kept = false;
  }

  /** What was begun has ended. */
  synchronized void executed(Duration used) {
    if (closed) {
      return;
    }
    stopExecuting();
    cpu = cpu.plus(used);
    aloneMillis += ledger.tariff().aloneMillis(cellMillis);
  }

  private synchronized void stopExecuting() {
    if (executingFrom.isPresent()) {
      long millis = ledger.now() - executingFrom.getAsLong();
      executionMillis += millis;
      cellMillis += millis;
      executingFrom = OptionalLong.empty();
    }
  }

  /** Code waits for tools of the client: what it waits is not billed. */
  synchronized void pause() {
    stopExecuting();
    leave();
    apart = true;
  }

  /** Code goes on. */
  synchronized void resume(ContainerId id, long term) {
    enter(id, term, 0);
    toolRan = true;
    executingFrom = OptionalLong.of(ledger.now());
  }

  /** What a transaction has to do so that what is known so far outlives this process. */
  synchronized LedgerChange keeping() {
    if (container == null || closed) {
      return LedgerChange.NONE;
    }
    kept = true;
    return new LedgerChange.Keep(
        new OpenCharge(id, ledger.owner(), charge(), ledger.now(), runningFrom, executingFrom));
  }

  /** What the transaction that ends the cell has to do. */
  LedgerChange ending() {
    return endsWithCell ? closing() : keeping();
  }

  private synchronized LedgerChange closing() {
    return container == null
        ? LedgerChange.NONE
        : new LedgerChange.Close(id, charge(), ledger.tariff(), ledger.instant());
  }

  /** The transaction of {@link #ending} is over. */
  synchronized void ended() {
    closed |= endsWithCell;
  }

  /** Whether the row is written; code that goes on after it needs another billing. */
  synchronized boolean isClosed() {
    return closed;
  }

  /** Whether time runs for it. */
  synchronized boolean isInside() {
    return stays > 0;
  }

  /** Writes what is known so far; a ledger that cannot be written to does not stop the code. */
  void keep() {
    try {
      ledger.apply(keeping());
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, "request=" + requester.requestId() + " not noted in the ledger", e);
    }
  }

  /** Writes the row, if there is to be one; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (container != null) {
      if (runningFrom.isPresent()) {
        stopExecuting();
        stays = 1;
        leave();
      }
      if (!kept) {
        ledger.apply(keeping());
      }
      ledger.apply(closing());
    }
    closed = true;
  }

  /** Ends without a row when nothing ran: a request that failed before costs nothing. */
  public synchronized void abandon() {
    if (toolRan) {
      close();
    } else if (!closed) {
      if (container != null) {
        ledger.apply(new LedgerChange.Forget(id));
      }
      closed = true;
    }
  }

  private synchronized Charge charge() {
    ContainerId used = container;
    if (used == null) {
      throw new IllegalStateException("nothing was used");
    }
    return new Charge(
        requester,
        run,
        group,
        exempt,
        used,
        firstEpoch,
        ledger.timeline(),
        startedAt,
        new Intervals(parts),
        preloadMillis,
        executionMillis,
        cpu,
        attachedFiles,
        attachedBytes,
        cells,
        aloneMillis,
        toolRan);
  }
}
