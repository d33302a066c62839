package dev.caisson.domain;

import java.time.Instant;
import java.util.Map;

/**
 * A tenant: every key, container and file belongs to one.
 *
 * @param name unique among the organizations of a server
 * @param liveKeys its keys that are not revoked
 * @param ownLimits those that are its own; the others are the server's
 */
public record Organization(
    OrganizationId id,
    String name,
    Instant createdAt,
    long liveKeys,
    Map<OrganizationLimit, Long> ownLimits) {
  public Organization {
    ownLimits = Map.copyOf(ownLimits);
  }
}
