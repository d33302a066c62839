package dev.caisson.store;

import dev.caisson.domain.Charge;
import dev.caisson.domain.Tariff;
import java.time.Instant;

/** What a transaction does to the ledger beside what else it does. */
public sealed interface LedgerChange {
  /** Leaves it alone. */
  record None() implements LedgerChange {}

  /** Keeps what is known of a request so far. */
  record Keep(OpenCharge charge) implements LedgerChange {}

  /** Writes the row of a request that was kept; once, however often it is tried. */
  record Close(String id, Charge charge, Tariff tariff, Instant now) implements LedgerChange {}

  /** Forgets a request that is not to be billed. */
  record Forget(String id) implements LedgerChange {}

  LedgerChange NONE = new None();
}
