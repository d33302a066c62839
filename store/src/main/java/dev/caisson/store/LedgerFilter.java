package dev.caisson.store;

import dev.caisson.domain.ContainerId;
import java.time.Instant;
import java.util.Optional;

/**
 * Which rows of a ledger are meant.
 *
 * @param from when the first may have been recorded
 * @param until when none was recorded any more
 */
public record LedgerFilter(Instant from, Instant until, Optional<ContainerId> container) {
  /** Every moment that a column can hold, and that can be added to. */
  private static final Instant END = Instant.ofEpochMilli(Long.MAX_VALUE / 2);

  public static final LedgerFilter ALL = new LedgerFilter(Instant.EPOCH, END, Optional.empty());

  public static LedgerFilter between(Instant from, Instant until) {
    return new LedgerFilter(from, until, Optional.empty());
  }

  public LedgerFilter of(ContainerId id) {
    return new LedgerFilter(from, until, Optional.of(id));
  }
}
