package dev.caisson.domain;

/** One request of a batch that is to be run now, by whoever holds this and by nobody else. */
public record BatchClaim(
    BatchId batch,
    OrganizationId organization,
    BatchHeaders headers,
    long position,
    BatchItem item) {}
