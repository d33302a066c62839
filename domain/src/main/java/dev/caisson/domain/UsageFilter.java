package dev.caisson.domain;

import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * Which rows of a ledger are meant.
 *
 * @param from when the first may have been recorded
 * @param until when none was recorded any more
 */
public record UsageFilter(Instant from, Instant until, Optional<ContainerId> container) {
  /** Nothing is recorded later: the last moment that RFC 3339 can write. */
  private static final Instant END = Instant.parse("9999-12-31T23:59:59Z");

  public static final UsageFilter ALL = new UsageFilter(Instant.EPOCH, END, Optional.empty());

  /** A calendar month (UTC). */
  public static UsageFilter of(YearMonth month) {
    return new UsageFilter(start(month), start(month.plusMonths(1)), Optional.empty());
  }

  private static Instant start(YearMonth month) {
    return month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  public UsageFilter from(Instant moment) {
    return new UsageFilter(moment, until, container);
  }

  public UsageFilter until(Instant moment) {
    return new UsageFilter(from, moment, container);
  }

  public UsageFilter of(ContainerId id) {
    return new UsageFilter(from, until, Optional.of(id));
  }
}
