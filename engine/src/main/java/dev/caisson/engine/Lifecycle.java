package dev.caisson.engine;

import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.Release;
import dev.caisson.store.ContainerRow;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Where a container is in its life. What is written down is the truth, along the arrows of {@link
 * ContainerStatus}; three things can have happened since, which nobody has written down yet: its
 * time has come, the process that held it has died, or its sandbox has.
 *
 * <table>
 * <caption>Who moves a container, and with which statement</caption>
 * <tr><td>created</td><td>{@code Containers.create}: insert; one that is made with files is not
 * seen before they stand, and idle then</td></tr>
 * <tr><td>idle</td><td>{@code WarmContainers} takes it, before a sandbox is opened: claim</td></tr>
 * <tr><td>warm, idle</td><td>a cell begins and ends: {@code CellStore.begin}, {@code complete}</td>
 * </tr>
 * <tr><td>released</td><td>nobody used it, the server stops, or it died: release, claim</td></tr>
 * <tr><td>expired</td><td>{@code Sweeper}, past the retention: end</td></tr>
 * <tr><td>deleted</td><td>{@code Containers.delete}: end</td></tr>
 * </table>
 *
 * <p>Each is committed before anybody is told, and names the epoch of whoever moves it.
 */
final class Lifecycle {
  private final Ownership ownership;
  private final WarmContainers warm;
  private final InstantSource clock;

  Lifecycle(Ownership ownership, WarmContainers warm, InstantSource clock) {
    this.ownership = ownership;
    this.warm = warm;
    this.clock = clock;
  }

  /** What is true now. */
  ContainerStatus status(ContainerRow row) {
    ContainerStatus written = row.state();
    if (!written.alive()) {
      return written;
    }
    if (!row.expiresAt().isAfter(clock.instant())) {
      return ContainerStatus.EXPIRED;
    }
    Optional<WarmContainer> ours = warm.find(row.id());
    if (ours.isPresent() && ours.get().hasCells()) {
      return ContainerStatus.WARM;
    }
    if (!written.next().contains(ContainerStatus.RELEASED)) {
      return written;
    }
    boolean held =
        ownership.ours(row)
            ? ours.flatMap(WarmContainer::sandbox).isPresent()
            : ownership.heldByAnother(row);
    return held ? written : ContainerStatus.RELEASED;
  }

  boolean expired(ContainerRow row) {
    return status(row) == ContainerStatus.EXPIRED;
  }

  boolean deleted(ContainerRow row) {
    return row.state() == ContainerStatus.DELETED;
  }

  /** Why and when it ended; empty while it lives. */
  Optional<Ending> ending(ContainerRow row) {
    ContainerStatus now = status(row);
    if (now.alive()) {
      return Optional.empty();
    }
    return row.ended().or(() -> Optional.of(new Ending(now.wireName(), row.expiresAt())));
  }

  /** How its last sandbox ended, written down or not. */
  Optional<Release> release(ContainerRow row) {
    return ownership.orphaned(row) && row.state().next().contains(ContainerStatus.RELEASED)
        ? Optional.of(ownership.lost(row))
        : row.release();
  }
}
