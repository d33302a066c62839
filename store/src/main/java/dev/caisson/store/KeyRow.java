package dev.caisson.store;

import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import java.time.Instant;
import java.util.Optional;

/**
 * A key as it is kept: never its text.
 *
 * @param sha256 lower-case hex of the text
 */
public record KeyRow(
    KeyId id,
    OrganizationId organizationId,
    String name,
    String sha256,
    Instant createdAt,
    Optional<Instant> revokedAt) {}
