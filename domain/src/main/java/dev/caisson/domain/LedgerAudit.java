package dev.caisson.domain;

import java.util.Optional;

/**
 * What the look through an organization's whole ledger has found.
 *
 * @param rows that are in order, from the first on
 * @param hash of the last of them: whoever notes it can tell later whether the past was rewritten
 * @param problem names the first row that is not in order, and says why; empty when all are
 */
public record LedgerAudit(long rows, String hash, Optional<String> problem) {}
