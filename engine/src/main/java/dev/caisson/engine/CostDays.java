package dev.caisson.engine;

import dev.caisson.domain.CostDay;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Tariff;
import dev.caisson.store.LedgerStore;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What days cost: the difference of two rows each, because a row knows the sum of its month so far.
 * The days of a month add up to its bill.
 */
final class CostDays {
  private CostDays() {}

  /** The days from the first on, in order. */
  static List<CostDay> of(
      LedgerStore store, OrganizationId organization, LocalDate first, int count) {
    List<CostDay> days = new ArrayList<>();
    Optional<LedgerRow> before = store.lastBefore(organization, start(first));
    for (LocalDate day = first; days.size() < count; day = day.plusDays(1)) {
      Optional<LedgerRow> last = store.lastBefore(organization, start(day.plusDays(1)));
      days.add(new CostDay(day, cents(before, last)));
      before = last;
    }
    return days;
  }

  private static Optional<BigDecimal> cents(Optional<LedgerRow> before, Optional<LedgerRow> last) {
    long seen = before.map(LedgerRow::position).orElse(0L);
    if (last.isEmpty() || last.get().position() == seen) {
      return Optional.empty();
    }
    BigDecimal upToNow = Tariff.cents(last.get().monthCost());
    return Optional.of(
        before
            .filter(row -> month(row).equals(month(last.get())))
            .map(row -> upToNow.subtract(Tariff.cents(row.monthCost())))
            .orElse(upToNow));
  }

  private static java.time.YearMonth month(LedgerRow row) {
    return LedgerRow.month(row.recordedAt());
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
