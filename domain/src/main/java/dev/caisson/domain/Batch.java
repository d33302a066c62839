package dev.caisson.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * Many messages to be made without anybody waiting.
 *
 * @param expiresAt when what has not run by then is given up
 * @param cancelInitiatedAt when somebody asked to stop
 * @param archivedAt when requests and results were deleted
 */
public record Batch(
    BatchId id,
    BatchCounts counts,
    Instant createdAt,
    Instant expiresAt,
    Optional<Instant> endedAt,
    Optional<Instant> cancelInitiatedAt,
    Optional<Instant> archivedAt) {}
