package dev.caisson.domain;

import java.math.BigDecimal;
import java.time.Instant;

/**
 * A row of the ledger as its organization sees it.
 *
 * @param cents what the row costs; the rows of a month add up to its bill
 * @param monthMillis billed in its month so far, this row included
 * @param monthCents of its month so far, this row included
 */
public record UsageRow(
    long position,
    Instant recordedAt,
    Charge charge,
    Tariff tariff,
    Price price,
    BigDecimal cents,
    long monthMillis,
    BigDecimal monthCents,
    String hash) {

  public static UsageRow of(LedgerRow row) {
    return new UsageRow(
        row.position(),
        row.recordedAt(),
        row.charge(),
        row.tariff(),
        row.price(),
        row.cents(),
        row.monthMillis(),
        Tariff.cents(row.monthCost()),
        row.hash());
  }
}
