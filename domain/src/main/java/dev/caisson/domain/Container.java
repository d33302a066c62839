package dev.caisson.domain;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A container as its owner sees it.
 *
 * @param diskBytes the last measured size of its workspace
 * @param released how its last sandbox ended, if it has had one that did
 * @param tombstone of one that has ended, when it is looked at by itself
 */
public record Container(
    ContainerId id,
    ContainerStatus status,
    String image,
    Instant createdAt,
    Instant expiresAt,
    Instant lastActiveAt,
    long diskBytes,
    Map<String, String> labels,
    Optional<Release> released,
    Optional<Ending> ended,
    Optional<Tombstone> tombstone) {
  public Container {
    labels = Map.copyOf(labels);
  }
}
