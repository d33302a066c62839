package dev.caisson.engine;

import dev.caisson.domain.Limits;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.store.DataDirectory;
import dev.caisson.store.FileStore;
import dev.caisson.store.Store;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The engine's parts, wired together. Closing it releases every sandbox that it opened. Safe for
 * use from many threads.
 */
public final class Engine implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Engine.class.getName());

  private final Containers containers;
  private final Cells cells;
  private final Forks forks;
  private final Rebuilds rebuilds;
  private final Backups backups;
  private final Workspaces workspaces;
  private final Files files;
  private final Skills skills;
  private final Batches batches;
  private final Keys keys;
  private final Organizations organizations;
  private final Audit audit;
  private final IdempotentRequests idempotentRequests;
  private final Ledger ledger;
  private final CellPlaces places;
  private final Announcer announcer = new Announcer();
  private final Store store;
  private final Images images;
  private final EngineSettings settings;
  private final Readiness readiness;
  private final WarmContainers warm;
  private final Sweeper sweeper;
  private final Thread sweeping;
  private final DiskWatch diskWatch;
  private final Thread watching;
  private final InstantSource clock;
  private final CountDownLatch closing = new CountDownLatch(1);

  private Engine(
      EngineSettings settings,
      Store store,
      Sandboxes sandboxes,
      InstantSource clock,
      LongSupplier nanos,
      OwnerWaitListener listener) {
    this.settings = settings;
    this.store = store;
    this.clock = clock;
    this.images = new Images(sandboxes);
    this.ledger = new Ledger(settings.tariff(), store, clock, nanos);
    HostDisk disk =
        new HostDisk(
            settings.disk().floor(),
            () -> store.directory().freeSpace(),
            () -> store.reserve().giveUpWhenLow(),
            announcer);
    Ownership ownership = new Ownership(store, settings.ownerWait(), listener, clock);
    this.audit = new Audit(store.directory().auditLog(), clock);
    this.organizations =
        new Organizations(settings.organizations(), store.organizations(), audit, clock);
    this.warm =
        new WarmContainers(
            settings,
            organizations,
            store.containers(),
            store.workspaceFiles(),
            sandboxes,
            announcer,
            ownership,
            ledger,
            clock);
    this.files = new Files(settings, organizations, disk, store, clock);
    this.skills = new Skills(disk, store, clock);
    this.batches = new Batches(disk, store, clock);
    Lifecycle lifecycle = new Lifecycle(ownership, warm, clock);
    Mounts mounts = new Mounts(files, store.containers(), clock);
    SkillMounts skillMounts = new SkillMounts(skills, store.skills(), clock);
    this.containers =
        new Containers(
            settings,
            organizations,
            disk,
            store.containers(),
            store.owner().id(),
            sandboxes,
            new Tombstones(store.cells(), store.workspaceFiles(), ledger.reports()),
            lifecycle,
            warm,
            mounts,
            skillMounts,
            ledger,
            clock);
    this.places = new CellPlaces(organizations);
    Outputs outputs = new Outputs(settings, files, store, clock);
    Writeback writeback = new Writeback(warm, sandboxes, disk);
    this.cells =
        new Cells(
            settings,
            store.cells(),
            containers,
            warm,
            outputs,
            new CellScans(store.workspaceFiles()),
            places,
            disk,
            writeback,
            ledger,
            announcer,
            clock);
    this.forks = new Forks(settings, containers, warm, disk, sandboxes, store.forks());
    this.backups = new Backups(store, warm, sandboxes, clock);
    Journal journal = new Journal(store, clock);
    this.workspaces = new Workspaces(containers, warm, disk, journal);
    this.rebuilds =
        new Rebuilds(
            containers,
            sandboxes,
            ledger,
            journal,
            new RebuildSteps(
                containers, cells, store.cells(), workspaces, journal, store.skills()::version),
            new RebuildComparison(cells, journal, store.workspaceFiles()));
    this.keys = new Keys(store, clock);
    this.idempotentRequests = new IdempotentRequests(store, clock);
    this.readiness = new Readiness(settings, containers, keys, warm, disk);
    this.sweeper =
        new Sweeper(
            store,
            sandboxes,
            ownership,
            warm,
            containers,
            files,
            batches,
            ledger,
            settings.tombstones(),
            idempotentRequests,
            clock,
            new ClockWatch(clock, nanos, settings.clockGrace()));
    this.sweeping = repeating("caisson-sweeper", settings.sweepEvery(), sweeper::sweep);
    this.diskWatch = new DiskWatch(warm, disk);
    this.watching =
        repeating(
            "caisson-disk-watch",
            settings.disk().watch(),
            () -> {
              diskWatch.look();
              writeback.look();
            });
  }

  /** Opens an engine over a store and sandboxes, which stay the caller's to close after it. */
  public static Engine open(
      EngineSettings settings, Store store, Sandboxes sandboxes, InstantSource clock) {
    return open(settings, store, sandboxes, clock, OwnerWaitListener.NONE);
  }

  /**
   * Opens an engine over a store and sandboxes, which stay the caller's to close after it.
   *
   * @param listener hears when a container is waited for that another process owns
   */
  public static Engine open(
      EngineSettings settings,
      Store store,
      Sandboxes sandboxes,
      InstantSource clock,
      OwnerWaitListener listener) {
    return open(settings, store, sandboxes, clock, System::nanoTime, listener);
  }

  /**
   * As above.
   *
   * @param nanos of a monotonic clock: what is billed is measured by it
   */
  static Engine open(
      EngineSettings settings,
      Store store,
      Sandboxes sandboxes,
      InstantSource clock,
      LongSupplier nanos,
      OwnerWaitListener listener) {
    Engine engine = new Engine(settings, store, sandboxes, clock, nanos, listener);
    engine.sweeper.settleCells();
    engine.ledger.settle();
    engine.batches.settle();
    engine.sweeping.start();
    engine.watching.start();
    return engine;
  }

  public Containers containers() {
    return containers;
  }

  public Cells cells() {
    return cells;
  }

  public Forks forks() {
    return forks;
  }

  public Rebuilds rebuilds() {
    return rebuilds;
  }

  public Backups backups() {
    return backups;
  }

  public Workspaces workspaces() {
    return workspaces;
  }

  public Files files() {
    return files;
  }

  public Skills skills() {
    return skills;
  }

  public Batches batches() {
    return batches;
  }

  public Keys keys() {
    return keys;
  }

  public Organizations organizations() {
    return organizations;
  }

  /** Where deletions are written down, by whoever knows who asked for them. */
  public Audit audit() {
    return audit;
  }

  public IdempotentRequests idempotentRequests() {
    return idempotentRequests;
  }

  public Ledger ledger() {
    return ledger;
  }

  /** Tells a listener from now on what happens here; it takes the place of the one before. */
  public void listen(EngineListener listener) {
    announcer.listen(listener);
  }

  /** Counts what there is; some milliseconds of work where there are many thousands. */
  public Census census() {
    List<WarmContainer> open = warm.all().stream().filter(WarmContainer::open).toList();
    FileStore.Totals files = store.files().totals();
    DataDirectory directory = store.directory();
    return new Census(
        store.containers().states(),
        places.underWay(),
        open.size(),
        open.stream().filter(WarmContainer::inUse).count(),
        files.count(),
        files.bytes(),
        directory.freeSpace(),
        directory.totalSpace(),
        settings.disk().floor());
  }

  /** What time it is for all that is kept here. */
  public InstantSource clock() {
    return clock;
  }

  public Images images() {
    return images;
  }

  /** What every container may use. */
  public Limits limits() {
    return settings.limits();
  }

  /** How long cells may wait for tools that they call. */
  public CallLimits callLimits() {
    return settings.calls();
  }

  /** The image of containers that name none. */
  public String defaultImage() {
    return settings.defaultImage();
  }

  /** Whether a cell can run: tried once with a real one, then remembered while nothing fails. */
  public boolean ready() {
    return readiness.ready();
  }

  /** Does now what is done every {@link EngineSettings#sweepEvery}. */
  public void sweep() {
    sweeper.sweep();
  }

  /** Does now what is done every {@link DiskSettings#watch}. */
  void watchDisk() {
    diskWatch.look();
  }

  /** For tests that look behind the doors. */
  WarmContainers warm() {
    return warm;
  }

  /** A thread that does something again and again until the engine is closed. */
  private Thread repeating(String name, Duration every, Runnable round) {
    return Thread.ofPlatform()
        .daemon()
        .name(name)
        .unstarted(() -> {
          try {
            while (!closing.await(every.toNanos(), TimeUnit.NANOSECONDS)) {
              attempt(name, round);
            }
          } catch (InterruptedException e) {
            LOG.log(Level.WARNING, name + " was interrupted and ends", e);
          }
        });
  }

  private static void attempt(String name, Runnable round) {
    try {
      round.run();
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "a round of " + name + " failed", e);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      sweeping.join();
      watching.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    warm.close();
  }
}
