package dev.caisson.domain;

import java.util.Optional;

/**
 * One request of a batch that is to be run now, by whoever holds this and by nobody else.
 *
 * @param key that the batch was made with; not known of batches from before the ledger
 */
public record BatchClaim(
    BatchId batch,
    OrganizationId organization,
    Optional<KeyId> key,
    BatchHeaders headers,
    long position,
    BatchItem item) {}
