package dev.caisson.domain;

/**
 * One request of a batch that has ended.
 *
 * @param position in the batch
 * @param customId the client's own name for it
 * @param text the message of a succeeded one and the error of an errored one, as JSON; else empty
 */
public record BatchResult(long position, String customId, BatchOutcome outcome, String text) {}
