package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.sandbox.SandboxUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * What this process holds of one container: the turn of its cells, and its sandbox while there is
 * one. Safe for use from many threads; no lock in it is needed by another container.
 *
 * <p>Lock order: turn, mounting, writing, then door. The turn is held while a cell runs. The door
 * is held only while the sandbox or the ownership changes, so file calls go on beside a running
 * cell.
 */
final class WarmContainer {
  private final ContainerId id;
  private final ReentrantLock turn = new ReentrantLock(true);
  private final ReentrantLock door = new ReentrantLock(true);
  private final ReentrantLock mounting = new ReentrantLock(true);
  private final ReadWriteLock writing = new ReentrantReadWriteLock();
  private final AtomicInteger cells = new AtomicInteger();
  private final AtomicInteger users = new AtomicInteger();

  // Changed under the door, read without.
  private volatile @Nullable RecordedSandbox sandbox;
  private volatile boolean owned;
  private volatile long epoch;
  private volatile boolean opening;

  /** Whose warm containers this one counts among; empty without a sandbox. */
  private volatile Optional<OrganizationId> countedFor = Optional.empty();

  // Guarded by the door.
  private @Nullable SandboxUsage used;

  private volatile Instant lastActive;
  private volatile boolean changed;

  // Guarded by the map of WarmContainers.
  private int holders;

  // Guarded by this.
  private @Nullable Thread runner;
  private long started;
  private Optional<String> cancelled = Optional.empty();
  private Optional<String> cancelNote = Optional.empty();

  WarmContainer(ContainerId id, Instant now) {
    this.id = id;
    this.lastActive = now;
  }

  ContainerId id() {
    return id;
  }

  ReentrantLock turn() {
    return turn;
  }

  ReentrantLock door() {
    return door;
  }

  ReentrantLock mounting() {
    return mounting;
  }

  /** Shared by those who write files; who has it alone knows that nobody does. */
  ReadWriteLock writing() {
    return writing;
  }

  /**
   * Joins the queue of cells; whoever joins also leaves.
   *
   * @param waiting how many may wait behind the one that runs
   */
  void join(int waiting) {
    if (cells.incrementAndGet() > waiting + 1) {
      cells.decrementAndGet();
      throw new Busy(
          "container " + id + ": " + waiting + " cells wait already, which is the limit",
          Duration.ofSeconds(1));
    }
  }

  void leave() {
    cells.decrementAndGet();
  }

  boolean hasCells() {
    return cells.get() > 0;
  }

  /** From here on the calling thread can be cancelled. */
  synchronized void start() {
    runner = Thread.currentThread();
    started++;
    cancelled = Optional.empty();
    cancelNote = Optional.empty();
  }

  /**
   * From here on the calling thread cannot be cancelled any more; its interrupt status is cleared,
   * so that the end of the cell can be written in peace.
   *
   * @param caught whether an interrupt has been taken as an exception already
   * @return whether the caller itself was interrupted
   */
  synchronized boolean finish(boolean caught) {
    runner = null;
    boolean interrupted = Thread.interrupted() || caught;
    return interrupted && cancelled.isEmpty();
  }

  /**
   * Ends the cell that runs, if one does.
   *
   * @param reason that its outcome is to give
   */
  synchronized void cancel(String reason) {
    cancel(reason, Optional.empty());
  }

  /** How many cells could be cancelled so far, the one that can be now included. */
  synchronized long started() {
    return started;
  }

  /**
   * Ends the cell that runs, unless another has begun meanwhile.
   *
   * @param cell by {@link #started}
   * @param note what else there is to say to whoever asked for it
   */
  synchronized void cancel(long cell, String reason, String note) {
    if (started == cell) {
      cancel(reason, Optional.of(note));
    }
  }

  private void cancel(String reason, Optional<String> note) {
    // The first reason stands: one interrupt is enough.
    if (runner != null && cancelled.isEmpty()) {
      cancelled = Optional.of(reason);
      cancelNote = note;
      runner.interrupt();
    }
  }

  /** What there is to say of why the cell was cancelled, as a line of its own. */
  synchronized Optional<String> cancelNote() {
    return cancelNote;
  }

  /** The outcome as it is told: the sandbox knows that a cell was cancelled, not why. */
  synchronized CellOutcome explain(CellOutcome outcome) {
    return outcome instanceof CellOutcome.Killed(String reason, boolean interpreterLost)
            && reason.equals(CellOutcome.Killed.CANCELLED)
        ? new CellOutcome.Killed(cancelled.orElse(reason), interpreterLost)
        : outcome;
  }

  /** The sandbox, if one is open and lives. */
  Optional<RecordedSandbox> sandbox() {
    RecordedSandbox current = sandbox;
    return current != null && current.isAlive() ? Optional.of(current) : Optional.empty();
  }

  /** Whether there is a sandbox, dead or alive. */
  boolean open() {
    return sandbox != null;
  }

  /** Notes that a sandbox is about to be opened, which makes the workspace. */
  void opening() {
    opening = true;
  }

  /** False when no owner, this one included, has ever opened a sandbox. The door is held. */
  boolean mayHaveWorkspace() {
    return opening || epoch > 1;
  }

  void opened(RecordedSandbox opened) {
    sandbox = opened;
  }

  /** Ends the sandbox, if there is one. The door is held. */
  void closeSandbox() {
    RecordedSandbox current = sandbox;
    sandbox = null;
    try {
      if (current != null) {
        current.close();
        used = current.usage();
      }
    } finally {
      countedFor = Optional.empty();
    }
  }

  /** What the sandbox had used that was closed last; asking resets it. The door is held. */
  Optional<SandboxUsage> takeUsed() {
    SandboxUsage last = used;
    used = null;
    return Optional.ofNullable(last);
  }

  /** Counts among the warm containers of an organization until the sandbox is closed. */
  void countFor(OrganizationId organization) {
    countedFor = Optional.of(organization);
  }

  boolean countsFor(OrganizationId organization) {
    return countedFor.filter(organization::equals).isPresent();
  }

  boolean owned() {
    return owned;
  }

  /** The term in which this process owns the container. */
  long epoch() {
    return epoch;
  }

  void own(long term) {
    epoch = term;
    owned = true;
  }

  void disown() {
    owned = false;
  }

  void enter() {
    users.incrementAndGet();
  }

  void exit(Instant now) {
    lastActive = now;
    changed = true;
    users.decrementAndGet();
  }

  boolean inUse() {
    return users.get() > 0 || cells.get() > 0;
  }

  Instant lastActive() {
    return lastActive;
  }

  /** Whether the workspace may have changed since it was measured; asking resets it. */
  boolean takeChanged() {
    boolean value = changed;
    changed = false;
    return value;
  }

  int holders() {
    return holders;
  }

  void addHolder() {
    holders++;
  }

  void removeHolder() {
    holders--;
  }
}
