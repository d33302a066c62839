package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Fork;
import dev.caisson.domain.OrganizationId;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.sandbox.WorkspaceCopy;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.ForkStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes containers from the workspaces of others. The copy is taken at a quiet moment: no cell
 * runs, no file is being written through the engine, nobody opens or closes a sandbox, and what the
 * interpreter's threads do stands still. Safe for use from many threads.
 */
public final class Forks {
  private final EngineSettings settings;
  private final Containers containers;
  private final WarmContainers warm;
  private final HostDisk disk;
  private final Sandboxes sandboxes;
  private final ForkStore store;
  private final Standstill standstill;

  Forks(
      EngineSettings settings,
      Containers containers,
      WarmContainers warm,
      HostDisk disk,
      Sandboxes sandboxes,
      ForkStore store) {
    this.settings = settings;
    this.containers = containers;
    this.warm = warm;
    this.disk = disk;
    this.sandboxes = sandboxes;
    this.store = store;
    this.standstill = new Standstill(warm);
  }

  /**
   * A new container with a copy of a living one's workspace, on the same image, with its mounts,
   * its skills and the variables of its interpreter; it lives as long as any new one. Waits for its
   * turn among the cells of the original. Interrupting the thread gives it up.
   *
   * @param labels of the new container; empty for the original's
   */
  public Fork fork(
      OrganizationId organization, ContainerId id, Optional<Map<String, String>> labels) {
    ContainerRow row = containers.living(organization, id);
    disk.requireRoom();
    WarmContainer source = warm.hold(id);
    try {
      source.join(settings.waitingCells());
      try {
        return inTurn(organization, source, labels.orElse(row.labels()));
      } finally {
        source.leave();
      }
    } finally {
      warm.drop(source);
    }
  }

  private Fork inTurn(
      OrganizationId organization, WarmContainer source, Map<String, String> labels) {
    try {
      source.turn().lockInterruptibly();
    } catch (InterruptedException e) {
      throw interrupted(source, e);
    }
    try {
      // It may have ended while we waited.
      ContainerRow row = containers.living(organization, source.id());
      ContainerRow fresh = containers.beginMaking(organization, row.image(), labels);
      return make(source, fresh, warm.hold(fresh.id()));
    } finally {
      source.turn().unlock();
    }
  }

  /** Drops the new container, which the caller holds. */
  private Fork make(WarmContainer source, ContainerRow fresh, WarmContainer target) {
    boolean made = false;
    boolean interrupted = false;
    source.start();
    try {
      target.own(fresh.epoch());
      target.opening();
      Optional<WorkspaceCopy> copy = copy(source, target.id());
      if (!store.complete(source.id(), target.id(), fresh.epoch())) {
        throw new Conflict("container " + target.id() + " was taken over by another process");
      }
      made = true;
      return told(source.id(), containers.require(fresh.organizationId(), target.id()), copy);
    } catch (InterruptedException e) {
      interrupted = source.finish(true);
      throw interrupted(source, e);
    } finally {
      interrupted |= source.finish(false);
      if (!made) {
        containers.unmake(target);
      }
      warm.drop(target);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Fork told(ContainerId from, Container made, Optional<WorkspaceCopy> copied) {
    WorkspaceCopy copy = copied.orElse(new WorkspaceCopy(0, 0, 0, List.of(), 0));
    return new Fork(
        made,
        from,
        copy.files(),
        copy.bytes(),
        copy.sharedFiles(),
        copy.skipped(),
        copy.skippedCount());
  }

  private Optional<WorkspaceCopy> copy(WarmContainer source, ContainerId to)
      throws InterruptedException {
    return standstill.during(source, () -> sandboxes.copy(source.id(), to));
  }

  private static CaissonException interrupted(WarmContainer source, InterruptedException cause) {
    return new Internal("interrupted while container " + source.id() + " was forked", cause);
  }
}
