package dev.caisson.domain;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;

/**
 * One line of an organization's ledger. Rows are only ever added.
 *
 * @param position 1, 2, 3... for each organization
 * @param recordedAt when it was written, which is when it is billed; never before the row above
 * @param monthMillis billed in its month so far, this row included
 * @param monthCost of its month so far, this row included; see {@link Tariff#cents}
 * @param hash of this row and the hash of the row above
 */
public record LedgerRow(
    OrganizationId organization,
    long position,
    Instant recordedAt,
    Charge charge,
    Tariff tariff,
    Price price,
    long monthMillis,
    long monthCost,
    String hash) {

  /** What this row alone costs, in cents; the rows of a month add up to the month's bill. */
  public BigDecimal cents() {
    long before = monthCost - tariff.cost(price.paidMillis());
    return Tariff.cents(monthCost).subtract(Tariff.cents(before));
  }

  /** The calendar month (UTC) whose bill a row of that time is on. */
  public static YearMonth month(Instant recordedAt) {
    return YearMonth.from(recordedAt.atZone(ZoneOffset.UTC));
  }
}
