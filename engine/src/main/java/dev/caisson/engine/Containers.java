package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.ContainerExpired;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CaissonException.OverQuota;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Requester;
import dev.caisson.domain.SkillVersion;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.Tombstone;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.ContainerStore;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes, finds and deletes containers. Safe for use from many threads. */
public final class Containers {
  private static final Logger LOG = System.getLogger(Containers.class.getName());

  private final EngineSettings settings;
  private final Organizations organizations;
  private final HostDisk disk;
  private final ContainerStore store;
  private final String self;
  private final Sandboxes sandboxes;
  private final Tombstones tombstones;
  private final Lifecycle lifecycle;
  private final WarmContainers warm;
  private final Mounts mounts;
  private final SkillMounts skillMounts;
  private final Ledger ledger;
  private final InstantSource clock;

  Containers(
      EngineSettings settings,
      Organizations organizations,
      HostDisk disk,
      ContainerStore store,
      String self,
      Sandboxes sandboxes,
      Tombstones tombstones,
      Lifecycle lifecycle,
      WarmContainers warm,
      Mounts mounts,
      SkillMounts skillMounts,
      Ledger ledger,
      InstantSource clock) {
    this.settings = settings;
    this.organizations = organizations;
    this.disk = disk;
    this.store = store;
    this.self = self;
    this.sandboxes = sandboxes;
    this.tombstones = tombstones;
    this.lifecycle = lifecycle;
    this.warm = warm;
    this.mounts = mounts;
    this.skillMounts = skillMounts;
    this.ledger = ledger;
    this.clock = clock;
  }

  /** A new container for this process itself; see {@link #create(Requester, ContainerSpec)}. */
  public Container create(OrganizationId organization, ContainerSpec spec) {
    return create(Requester.local(organization), spec);
  }

  /**
   * A new container with the files mounted, which is billed; throws InvalidRequest for an unknown
   * image or two files of one name, NotFound for an unknown file, OverQuota when the organization
   * has its fill.
   */
  public Container create(Requester requester, ContainerSpec spec) {
    Billing billing = ledger.ofCreation(requester);
    try {
      Container made = create(billing, spec);
      billing.close();
      return made;
    } finally {
      ledger.endQuietly(billing);
    }
  }

  /** As {@link #create(Requester, ContainerSpec)}, for a request that does more. */
  public Container create(Billing billing, ContainerSpec spec) {
    OrganizationId organization = billing.requester().organization();
    String image = spec.image().orElse(settings.defaultImage());
    if (sandboxes.image(image).isEmpty()) {
      throw new InvalidRequest("image: there is no image named '" + image + "'");
    }
    List<StoredFile> files = mounts.resolve(organization, spec.files());
    disk.requireRoom();
    ContainerRow row = freshRow(organization, image, spec);
    if (files.isEmpty()) {
      insert(row);
      return view(row);
    }
    return createWith(files, billing, row);
  }

  /** A container that nobody sees until all that it starts with stands. */
  ContainerRow beginMaking(OrganizationId organization, String image, Map<String, String> labels) {
    ContainerSpec spec = new ContainerSpec(Optional.of(image), List.of(), labels);
    ContainerRow row = unmade(freshRow(organization, image, spec));
    insert(row);
    return row;
  }

  private void insert(ContainerRow row) {
    OrganizationId organization = row.organizationId();
    long most = organizations.limits(organization).of(OrganizationLimit.CONTAINERS);
    if (!store.insert(row, most)) {
      Optional<Instant> first = store.firstExpiry(organization);
      throw new OverQuota(
          "organization "
              + organization
              + ": "
              + most
              + " containers are alive, which is its limit (containers); delete some"
              + first.map(at -> ", the first of them expires at " + at).orElse(""),
          first);
    }
  }

  private ContainerRow freshRow(OrganizationId organization, String image, ContainerSpec spec) {
    Instant now = Instant.ofEpochMilli(clock.millis());
    return new ContainerRow(
        ContainerId.next(),
        organization,
        image,
        spec.labels(),
        now,
        now.plus(settings.retention()),
        now,
        0,
        Optional.empty(),
        0,
        Optional.empty(),
        false,
        ContainerStatus.CREATED,
        Optional.empty(),
        ContainerRow.Peaks.NONE);
  }

  /** The row says "unmade" until every file stands where it should: a half-made one is not seen. */
  private Container createWith(List<StoredFile> files, Billing billing, ContainerRow row) {
    ContainerRow unmade = unmade(row);
    insert(unmade);
    WarmContainer container = warm.hold(row.id());
    boolean made = false;
    try {
      container.own(unmade.epoch());
      try (WarmContainers.Visit visit = warm.visit(container, row.image())) {
        mount(billing, container, visit, files);
      }
      made = store.made(row.id(), unmade.epoch());
      return view(require(store.find(row.id())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted while container " + row.id() + " was made", e);
    } finally {
      if (!made) {
        unmake(container);
      }
      warm.drop(container);
    }
  }

  private ContainerRow unmade(ContainerRow row) {
    return new ContainerRow(
        row.id(),
        row.organizationId(),
        row.image(),
        row.labels(),
        row.createdAt(),
        row.expiresAt(),
        row.lastActiveAt(),
        row.diskBytes(),
        Optional.of(self),
        1,
        Optional.of(new Ending(ContainerRow.UNMADE, row.createdAt())),
        false,
        ContainerStatus.IDLE,
        Optional.empty(),
        ContainerRow.Peaks.NONE);
  }

  /** Takes away what was begun. */
  void unmake(WarmContainer container) {
    container.door().lock();
    try {
      container.closeSandbox();
      container.disown();
      sandboxes.delete(container.id());
      store.forget(container.id());
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, () -> "container=" + container.id() + " not cleared away", e);
    } finally {
      container.door().unlock();
    }
  }

  /**
   * A container that nobody sees, for trying whether one can be made.
   *
   * @return what the trial returned
   */
  <T> T tryOut(OrganizationId organization, SandboxTrial<T> trial) throws InterruptedException {
    ContainerRow row =
        unmade(freshRow(organization, settings.defaultImage(), ContainerSpec.DEFAULT));
    store.insert(row);
    WarmContainer container = warm.hold(row.id());
    try {
      container.own(row.epoch());
      try (WarmContainers.Visit visit = warm.visit(container, row.image())) {
        return trial.run(visit.sandbox());
      }
    } finally {
      unmake(container);
      warm.drop(container);
    }
  }

  /** The container, dead or alive; throws NotFound when unknown or foreign. */
  public Container get(OrganizationId organization, ContainerId id) {
    ContainerRow row = refreshSize(known(organization, id));
    return lifecycle.status(row).alive() ? view(row) : view(row, Optional.of(tombstones.of(row)));
  }

  /** Measures a workspace that has changed and that nobody is changing now. */
  private ContainerRow refreshSize(ContainerRow row) {
    Optional<WarmContainer> warmOne = warm.find(row.id()).filter(one -> !one.hasCells());
    if (warmOne.isEmpty()) {
      return row;
    }
    try {
      return measure(warmOne.get()) ? require(store.find(row.id())) : row;
    } catch (CaissonException.HostFull e) {
      return row; // reading goes on, of what was known before
    }
  }

  /** Measures what has changed and is idle: a list shows it, and a killed server leaves it. */
  void measureIdle() {
    for (WarmContainer container : warm.all()) {
      if (!container.inUse()) {
        measure(container);
      }
    }
  }

  private boolean measure(WarmContainer container) {
    Optional<Long> size = warm.measure(container);
    size.ifPresent(bytes -> store.measured(container.id(), container.epoch(), bytes));
    return size.isPresent();
  }

  /**
   * The living container; throws ContainerExpired past its retention, NotFound when unknown,
   * deleted or foreign.
   */
  public Container require(OrganizationId organization, ContainerId id) {
    return view(living(organization, id));
  }

  /** As {@link #require}, as it is kept. */
  ContainerRow living(OrganizationId organization, ContainerId id) {
    ContainerRow row = row(organization, id);
    if (lifecycle.expired(row)) {
      throw new ContainerExpired(view(row));
    }
    return row;
  }

  /** The row of a container that the organization may look into, expired or not. */
  ContainerRow row(OrganizationId organization, ContainerId id) {
    ContainerRow row = known(organization, id);
    if (lifecycle.deleted(row)) {
      throw NotFound.deleted(id.value(), row.ended().map(Ending::at).orElse(row.lastActiveAt()));
    }
    return row;
  }

  /** The row of a container that the organization has or had. */
  private ContainerRow known(OrganizationId organization, ContainerId id) {
    return store
        .find(organization, id)
        .filter(row -> !row.endedAs(ContainerRow.UNMADE))
        .orElseThrow(() -> NotFound.container(id.value()));
  }

  /** Newest first. */
  public Page<Container> list(OrganizationId organization, PageRequest page) {
    Page<ContainerRow> rows = store.list(organization, page);
    return new Page<>(rows.items().stream().map(this::view).toList(), rows.next());
  }

  /** Ends a container and deletes its workspace; a running cell is cancelled. */
  public Container delete(OrganizationId organization, ContainerId id) {
    ContainerRow row = row(organization, id);
    WarmContainer container = warm.hold(id);
    try {
      end(container, Instant.ofEpochMilli(clock.millis()));
      container.cancel(CellOutcome.Killed.CONTAINER_DELETED);
      boolean turn =
          WarmContainers.awaitTurn(container, settings.limits().interruptGrace().plusSeconds(1));
      try {
        clear(container);
      } finally {
        if (turn) {
          container.turn().unlock();
        }
      }
      return view(require(store.find(row.id())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted while container " + id + " was deleted", e);
    } finally {
      warm.drop(container);
    }
  }

  private void end(WarmContainer container, Instant now) throws InterruptedException {
    container.door().lockInterruptibly();
    try {
      long epoch = warm.ownAnyhow(container);
      if (!store.end(container.id(), epoch, ContainerStatus.DELETED, now)) {
        warm.giveBack(container);
        throw NotFound.container(container.id().value());
      }
    } finally {
      container.door().unlock();
    }
  }

  /** Deletes the workspace of a container that has ended; what fails is left to the sweeper. */
  void clear(WarmContainer container) {
    container.door().lock();
    try {
      container.closeSandbox();
      if (container.mayHaveWorkspace()) {
        sandboxes.delete(container.id());
      }
      warm.giveBack(container, Optional.empty(), Optional.of(0L));
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, () -> "container=" + container.id() + " workspace not deleted", e);
    } finally {
      container.door().unlock();
    }
  }

  /**
   * Copies stored files to {@code $INPUT_DIR} and compares the hash read back; a file that is there
   * already with the same content stays. Throws InvalidRequest when another file of that name is
   * mounted.
   */
  public void mount(Billing billing, ContainerId id, List<FileId> files) {
    OrganizationId organization = billing.requester().organization();
    List<StoredFile> resolved = mounts.resolve(organization, files);
    if (!resolved.isEmpty()) {
      disk.requireRoom();
      inside(organization, id, (container, visit) -> mount(billing, container, visit, resolved));
    }
  }

  private void mount(
      Billing billing, WarmContainer container, WarmContainers.Visit visit, List<StoredFile> files)
      throws InterruptedException {
    billing.preload(
        container.id(),
        visit,
        files,
        () -> mounts.mount(billing.requester().organization(), container, visit, files));
  }

  /**
   * Copies versions of skills to {@code /skills/<name>}; one that stands there already stays, and
   * another version of the same skill gives way. Throws NotFound for a version that is gone.
   */
  public void mountSkills(Billing billing, ContainerId id, List<SkillVersion> versions) {
    if (!versions.isEmpty()) {
      disk.requireRoom();
      inside(
          billing.requester().organization(),
          id,
          (container, visit) ->
              billing.preload(
                  container.id(),
                  visit,
                  List.of(),
                  () -> skillMounts.mount(container, visit, versions)));
    }
  }

  private void inside(OrganizationId organization, ContainerId id, Work work) {
    ContainerRow row = living(organization, id);
    WarmContainer container = warm.hold(id);
    try (WarmContainers.Visit visit = warm.visit(container, row.image())) {
      work.run(container, visit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted while files were mounted into container " + id, e);
    } finally {
      warm.drop(container);
    }
  }

  /** What is done to a container through its sandbox. */
  private interface Work {
    void run(WarmContainer container, WarmContainers.Visit visit) throws InterruptedException;
  }

  private static ContainerRow require(Optional<ContainerRow> row) {
    return row.orElseThrow(() -> new Internal("the row of a container is gone"));
  }

  private Container view(ContainerRow row) {
    return view(row, Optional.empty());
  }

  private Container view(ContainerRow row, Optional<Tombstone> tombstone) {
    Instant lastActive =
        warm.find(row.id())
            .map(WarmContainer::lastActive)
            .filter(row.lastActiveAt()::isBefore)
            .orElse(row.lastActiveAt());
    return new Container(
        row.id(),
        lifecycle.status(row),
        row.image(),
        row.createdAt(),
        row.expiresAt(),
        lastActive,
        row.diskBytes(),
        row.labels(),
        lifecycle.release(row),
        lifecycle.ending(row),
        tombstone);
  }
}
