package dev.caisson.messages;

/**
 * How many tokens a request has.
 *
 * @param estimated whether we had to guess, because the upstream does not count
 */
public record TokenCount(long inputTokens, boolean estimated) {}
