package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Release;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.ContainerStore;
import dev.caisson.store.Owners;
import dev.caisson.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Takes containers for this process: from nobody, or from an owner that is dead, at once and with a
 * new epoch; a living owner is waited for. Safe for use from many threads.
 */
final class Ownership {
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);

  private final ContainerStore containers;
  private final Owners owners;
  private final String self;
  private final Duration patience;
  private final OwnerWaitListener listener;
  private final InstantSource clock;

  Ownership(Store store, Duration patience, OwnerWaitListener listener, InstantSource clock) {
    this.containers = store.containers();
    this.owners = store.owners();
    this.self = store.owner().id();
    this.patience = patience;
    this.listener = listener;
    this.clock = clock;
  }

  /**
   * Takes the container, waiting for a living owner.
   *
   * @return the row as it is now ours
   * @throws Busy when the owner keeps it for longer than we wait
   */
  ContainerRow claim(ContainerId id) throws InterruptedException {
    long started = System.nanoTime();
    boolean told = false;
    while (true) {
      ContainerRow row = containers.find(id).orElseThrow(() -> NotFound.container(id.value()));
      if (heldByAnother(row)) {
        OptionalLong pid = owners.pid(row.owner().orElse(""));
        if (!told) {
          listener.waiting(id, pid);
          told = true;
        }
        if (System.nanoTime() - started > patience.toNanos()) {
          throw new Busy(
              "container " + id + " is in use by another process" + describe(pid),
              Duration.ofSeconds(5));
        }
        Thread.sleep(LOOK_EVERY);
        continue;
      }
      Optional<ContainerRow> ours = tryClaim(row);
      if (ours.isPresent()) {
        return ours.get();
      }
    }
  }

  /** Takes a container that nobody living holds; empty when the row has changed meanwhile. */
  Optional<ContainerRow> tryClaim(ContainerRow row) {
    if (row.owner().filter(self::equals).isPresent()) {
      return Optional.of(row);
    }
    if (heldByAnother(row)) {
      return Optional.empty();
    }
    OptionalLong term = containers.claim(row.id(), row.owner(), row.epoch(), self, lost(row));
    return term.isEmpty() ? Optional.empty() : containers.find(row.id());
  }

  /** Why what a dead owner held is lost; cells that ran then say the same. */
  Release lost(ContainerRow row) {
    boolean withHost = row.owner().filter(owners::diedWithHost).isPresent();
    return new Release(
        withHost ? Release.HOST_RESTART : Release.SERVER_RESTART,
        Instant.ofEpochMilli(clock.millis()));
  }

  /** Whether a living process other than this one owns the container. */
  boolean heldByAnother(ContainerRow row) {
    return row.owner().filter(owner -> !owner.equals(self) && owners.alive(owner)).isPresent();
  }

  /** Whether an owner is noted that does not live any more. */
  boolean orphaned(ContainerRow row) {
    return row.owner().filter(owner -> !owner.equals(self) && !owners.alive(owner)).isPresent();
  }

  /** Whether this process is noted as the owner. */
  boolean ours(ContainerRow row) {
    return row.owner().filter(self::equals).isPresent();
  }

  private static String describe(OptionalLong pid) {
    return pid.isPresent() ? " (pid " + pid.getAsLong() + ")" : "";
  }
}
