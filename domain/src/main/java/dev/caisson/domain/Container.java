package dev.caisson.domain;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A container as its owner sees it. {@code diskBytes} is the last measured size of its workspace.
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
    Optional<Ending> ended) {
  public Container {
    labels = Map.copyOf(labels);
  }
}
