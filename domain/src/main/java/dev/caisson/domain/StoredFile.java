package dev.caisson.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * A file of the Files API.
 *
 * @param downloadable false for uploads, true for what cells made
 * @param sha256 lower-case hex of the content
 */
public record StoredFile(
    FileId id,
    String filename,
    String mimeType,
    long sizeBytes,
    String sha256,
    Instant createdAt,
    boolean downloadable,
    Optional<Instant> expiresAt) {}
