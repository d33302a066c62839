package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.Release;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxUsage;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.ContainerStore;
import dev.caisson.store.Term;
import dev.caisson.store.WorkspaceFileStore;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The containers that this process owns or waits for, and their sandboxes: opened when one is
 * needed, closed when nobody has used it for a while. Safe for use from many threads.
 */
final class WarmContainers {
  private static final Logger LOG = System.getLogger(WarmContainers.class.getName());

  private final ConcurrentHashMap<ContainerId, WarmContainer> held = new ConcurrentHashMap<>();
  private final EngineSettings settings;
  private final Organizations organizations;
  private final ContainerStore containers;
  private final WorkspaceFileStore files;
  private final Sandboxes sandboxes;
  private final EngineListener announcer;
  private final Ownership ownership;
  private final Ledger ledger;
  private final InstantSource clock;
  private volatile boolean closed;
  private volatile boolean failing;

  WarmContainers(
      EngineSettings settings,
      Organizations organizations,
      ContainerStore containers,
      WorkspaceFileStore files,
      Sandboxes sandboxes,
      EngineListener announcer,
      Ownership ownership,
      Ledger ledger,
      InstantSource clock) {
    this.settings = settings;
    this.organizations = organizations;
    this.containers = containers;
    this.files = files;
    this.sandboxes = sandboxes;
    this.announcer = announcer;
    this.ownership = ownership;
    this.ledger = ledger;
    this.clock = clock;
  }

  /** Holds on to a container's turn and door; to be given back with {@link #drop}. */
  WarmContainer hold(ContainerId id) {
    refuseWhenClosed();
    return held.compute(
        id,
        (key, present) -> {
          WarmContainer one = present == null ? new WarmContainer(key, clock.instant()) : present;
          one.addHolder();
          return one;
        });
  }

  private void refuseWhenClosed() {
    if (closed) {
      throw new Busy("Caisson is shutting down", Duration.ofSeconds(1));
    }
  }

  void drop(WarmContainer container) {
    held.compute(
        container.id(),
        (key, present) -> {
          container.removeHolder();
          return container.holders() == 0 && !container.open() && !container.owned()
              ? null
              : container;
        });
  }

  Optional<WarmContainer> find(ContainerId id) {
    return Optional.ofNullable(held.get(id));
  }

  /** Those held now, in no particular order. */
  List<WarmContainer> all() {
    return List.copyOf(held.values());
  }

  /**
   * Goes into the container's sandbox, opening one when there is none that lives; waits for a
   * container that another living process owns.
   *
   * @param container that the caller holds
   */
  Visit visit(WarmContainer container, String image) throws InterruptedException {
    container.door().lockInterruptibly();
    try {
      refuseWhenClosed();
      Optional<RecordedSandbox> living = container.sandbox();
      long openingMillis = 0;
      if (living.isEmpty()) {
        bury(container);
        own(container);
        admit(container);
        long started = ledger.now();
        living = Optional.of(open(container, image));
        openingMillis = ledger.now() - started;
      }
      container.enter();
      return new Visit(container, living.get(), container.epoch(), openingMillis, clock);
    } finally {
      container.door().unlock();
    }
  }

  private RecordedSandbox open(WarmContainer container, String image) {
    boolean done = false;
    long began = System.nanoTime();
    try {
      boolean used = container.mayHaveWorkspace();
      container.opening();
      Sandbox opened = sandboxes.open(container.id(), container.epoch(), image, settings.limits());
      DiskRoom room = new DiskRoom(opened, settings.limits().disk(), used);
      RecordedSandbox sandbox = new RecordedSandbox(container, opened, room, files);
      container.opened(sandbox);
      sandbox.remind();
      done = true;
      failing = false;
      announcer.sandboxOpened(Duration.ofNanos(System.nanoTime() - began));
      return sandbox;
    } finally {
      if (!done) {
        failing = true;
        giveBack(container);
      }
    }
  }

  /**
   * Finds a place among the warm containers of its organization. When there is none, the one that
   * nobody has used for longest gives its own up; Busy is thrown only when all of them are in use.
   * The door is held.
   */
  private void admit(WarmContainer container) {
    OrganizationId organization =
        containers
            .find(container.id())
            .map(ContainerRow::organizationId)
            .orElseThrow(() -> NotFound.container(container.id().value()));
    long most = organizations.limits(organization).of(OrganizationLimit.WARM);
    while (!count(container, organization, most)) {
      if (!releaseLongestIdle(organization)) {
        giveBack(container);
        throw new Busy(
            "organization "
                + organization
                + ": all of the "
                + most
                + " containers that may be warm at once, its limit (warm), are at work",
            Duration.ofSeconds(1));
      }
    }
  }

  /** Whether it is within the limit, and counts from now on. */
  private synchronized boolean count(
      WarmContainer container, OrganizationId organization, long most) {
    if (all().stream().filter(one -> one.countsFor(organization)).count() >= most) {
      return false;
    }
    container.countFor(organization);
    return true;
  }

  private boolean releaseLongestIdle(OrganizationId organization) {
    return all().stream()
        .filter(one -> one.countsFor(organization) && !one.inUse())
        .sorted(Comparator.comparing(WarmContainer::lastActive))
        .anyMatch(one -> releaseIfStillIdle(one.id(), Release.EVICTED));
  }

  /**
   * Does something to the workspace of a container that this process owns, while no sandbox is
   * opened or closed around it. The variables of its interpreter are saved before.
   *
   * @param container that the caller holds, with its turn
   */
  <T> T whileStill(WarmContainer container, StillWork<T> work) throws InterruptedException {
    container.door().lockInterruptibly();
    try {
      refuseWhenClosed();
      own(container);
      saveState(container);
      return work.run();
    } finally {
      container.door().unlock();
    }
  }

  /** What is done to a workspace that nobody changes. */
  interface StillWork<T> {
    T run() throws InterruptedException;
  }

  /** Whether the last sandbox that was to be opened could not be. */
  boolean failing() {
    return failing;
  }

  private void own(WarmContainer container) throws InterruptedException {
    if (!container.owned()) {
      ContainerRow row = ownership.claim(container.id());
      container.own(row.epoch());
      if (row.ended().isPresent()) {
        giveBack(container);
        throw NotFound.container(container.id().value());
      }
    }
  }

  /**
   * Takes the container for this process, whether or not it has ended. The door is held.
   *
   * @return the term
   */
  long ownAnyhow(WarmContainer container) throws InterruptedException {
    if (!container.owned()) {
      container.own(ownership.claim(container.id()).epoch());
    }
    return container.epoch();
  }

  /** Takes away a sandbox that has died, and writes down why. The door is held. */
  private void bury(WarmContainer container) {
    container.closeSandbox();
    Optional<SandboxUsage> used = container.takeUsed();
    if (used.isPresent() && container.owned()) {
      containers.died(
          container.id(),
          container.epoch(),
          new Release(death(used.get()), now()),
          used.get().peakMemoryBytes());
    }
  }

  private static String death(SandboxUsage used) {
    return used.starved() ? Release.OUT_OF_MEMORY : Release.SANDBOX_DIED;
  }

  /** Ends the ownership of a container without a sandbox, or that has ended. The door is held. */
  void giveBack(WarmContainer container) {
    giveBack(container, Optional.empty(), Optional.empty());
  }

  /**
   * Ends the sandbox and the ownership. The door is held.
   *
   * @param reason of {@link Release}; empty when it is none for the container's owner to know
   */
  void giveBack(WarmContainer container, Optional<String> reason, Optional<Long> measuredBytes) {
    boolean died = container.open() && container.sandbox().isEmpty();
    container.closeSandbox();
    Optional<SandboxUsage> used = container.takeUsed();
    if (container.owned()) {
      Optional<String> why = died ? used.map(WarmContainers::death) : reason;
      containers.release(
          container.id(),
          container.epoch(),
          new Term(
              container.lastActive(),
              why.map(word -> new Release(word, now())),
              measuredBytes,
              used.map(SandboxUsage::peakMemoryBytes).orElse(0L)));
      container.disown();
    }
  }

  private Instant now() {
    return Instant.ofEpochMilli(clock.millis());
  }

  /** Releases containers that nobody has used for a while. */
  void releaseIdle() {
    Instant before = clock.instant().minus(settings.idle());
    for (WarmContainer candidate : all()) {
      if (!candidate.lastActive().isAfter(before) && !candidate.inUse()) {
        releaseIfStillIdle(candidate.id(), Release.IDLE);
      }
    }
  }

  /** Whether it was idle, and is released now. */
  private boolean releaseIfStillIdle(ContainerId id, String reason) {
    WarmContainer container = hold(id);
    try {
      if (!container.door().tryLock()) {
        return false;
      }
      try {
        if (container.inUse()) {
          return false;
        }
        saveState(container);
        giveBack(container, Optional.of(reason), measure(container));
        return true;
      } finally {
        container.door().unlock();
      }
    } finally {
      drop(container);
    }
  }

  /** Has the variables of its interpreter saved; the next cell names those that could not be. */
  private static void saveState(WarmContainer container) {
    try {
      container.sandbox().ifPresent(Sandbox::saveState);
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, () -> "container=" + container.id() + " variables not saved", e);
    }
  }

  /** The size of a workspace that has changed since it was last measured. */
  Optional<Long> measure(WarmContainer container) {
    Optional<RecordedSandbox> sandbox = container.sandbox();
    if (sandbox.isEmpty() || !container.takeChanged()) {
      return Optional.empty();
    }
    try {
      return Optional.of(sandbox.get().diskBytes());
    } catch (CaissonException e) {
      LOG.log(Level.DEBUG, () -> "container=" + container.id() + " not measured", e);
      return Optional.empty();
    }
  }

  /** Ends the cell that each container runs now, since the process is to end. */
  void stopCells() {
    all().forEach(one -> one.cancel(CellOutcome.Killed.SERVER_STOPPED));
  }

  /** Ends every cell and every sandbox of this process; nothing is opened any more. */
  void close() {
    closed = true;
    stopCells();
    List<WarmContainer> remaining = all();
    // At once: one that takes all of its time to save its variables takes nobody else's.
    List<Thread> closing =
        remaining.stream()
            .map(one -> Thread.ofVirtual().name("close-" + one.id()).start(() -> closeOne(one)))
            .toList();
    boolean interrupted = false;
    for (Thread thread : closing) {
      interrupted |= joinThrough(thread);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether an interrupt came meanwhile, which does not end the wait: the thread's own does. */
  private static boolean joinThrough(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  private void closeOne(WarmContainer container) {
    boolean turn = awaitTurn(container, settings.limits().interruptGrace().plusSeconds(2));
    container.door().lock();
    try {
      saveState(container);
      giveBack(container, Optional.of(Release.SHUTDOWN), measure(container));
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, () -> "container=" + container.id() + " not released cleanly", e);
    } finally {
      container.door().unlock();
      if (turn) {
        container.turn().unlock();
      }
    }
  }

  /** Waits, not for ever, until no cell runs; whether the caller has the turn now. */
  static boolean awaitTurn(WarmContainer container, Duration patience) {
    try {
      return container.turn().tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** A stay in a sandbox, during which it is not released. */
  static final class Visit implements AutoCloseable {
    private final WarmContainer container;
    private final Sandbox sandbox;
    private final long epoch;
    private final long openingMillis;
    private final InstantSource clock;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile Runnable whenOver = () -> {};

    private Visit(
        WarmContainer container,
        Sandbox sandbox,
        long epoch,
        long openingMillis,
        InstantSource clock) {
      this.container = container;
      this.sandbox = sandbox;
      this.epoch = epoch;
      this.openingMillis = openingMillis;
      this.clock = clock;
    }

    Sandbox sandbox() {
      return sandbox;
    }

    long epoch() {
      return epoch;
    }

    /** How long the sandbox took to open for this stay; nothing when it was open. */
    long openingMillis() {
      return openingMillis;
    }

    /** Names what is done when the stay ends. */
    void whenOver(Runnable action) {
      whenOver = action;
    }

    /** A stay of its own that began with this one, for what goes on after it. */
    Visit again() {
      container.enter();
      return new Visit(container, sandbox, epoch, 0, clock);
    }

    /** Ends the stay; a second call does nothing. */
    @Override
    public void close() {
      if (over.compareAndSet(false, true)) {
        whenOver.run();
        container.exit(clock.instant());
      }
    }
  }
}
