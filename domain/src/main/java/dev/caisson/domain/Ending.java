package dev.caisson.domain;

import java.time.Instant;

/**
 * Why and when a container ended.
 *
 * @param reason a stable word: {@code expired} or {@code deleted}
 */
public record Ending(String reason, Instant at) {}
