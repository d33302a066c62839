package dev.caisson.domain;

/**
 * One request of a batch.
 *
 * @param customId the client's own name for it, unique in the batch
 * @param params the request, as JSON
 */
public record BatchItem(String customId, String params) {}
