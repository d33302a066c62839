package dev.caisson.store;

import dev.caisson.domain.Release;
import java.time.Instant;
import java.util.Optional;

/**
 * What an owner knows of a container when its term ends.
 *
 * @param release why its sandbox was given up; empty when there was none
 * @param diskBytes empty to keep the last measured size
 * @param peakMemoryBytes of the sandbox; 0 when nobody measured
 */
public record Term(
    Instant lastActiveAt,
    Optional<Release> release,
    Optional<Long> diskBytes,
    long peakMemoryBytes) {}
