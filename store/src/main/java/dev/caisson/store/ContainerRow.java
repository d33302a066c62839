package dev.caisson.store;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Release;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A container as it is kept.
 *
 * @param owner who may touch its workspace; empty when nobody does
 * @param epoch the owner's term; every change of owner adds one
 * @param cellRunning whether a cell was begun and has not ended
 * @param state as it was last written down; its process may have died since
 * @param release how the last sandbox ended
 */
public record ContainerRow(
    ContainerId id,
    OrganizationId organizationId,
    String image,
    Map<String, String> labels,
    Instant createdAt,
    Instant expiresAt,
    Instant lastActiveAt,
    long diskBytes,
    Optional<String> owner,
    long epoch,
    Optional<Ending> ended,
    boolean cellRunning,
    ContainerStatus state,
    Optional<Release> release,
    Peaks peaks) {
  /** A container whose files are still being mounted: nobody has seen it yet. */
  public static final String UNMADE = "unmade";

  public ContainerRow {
    labels = Map.copyOf(labels);
  }

  /** The most that was ever measured, in bytes. */
  public record Peaks(long memoryBytes, long diskBytes) {
    public static final Peaks NONE = new Peaks(0, 0);
  }

  /** Whether it ended for that reason. */
  public boolean endedAs(String reason) {
    return ended.isPresent() && ended.get().reason().equals(reason);
  }
}
