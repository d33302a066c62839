package dev.caisson.bench;

import dev.caisson.domain.Charge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Interval;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Requester;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageFilter;
import dev.caisson.engine.LedgerReports;
import dev.caisson.store.LedgerChange;
import dev.caisson.store.OpenCharge;
import dev.caisson.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * {@code ./caisson bench ledger [--rows N]}: how long a year of ledger takes to write, to report
 * on, to explain and to verify. Exit code 1 when a cost report takes longer than promised.
 */
public final class LedgerMain {
  private static final int ROWS = 1_000_000;
  private static final LocalDate FIRST = LocalDate.of(2026, 1, 1);
  private static final Duration PROMISED = Duration.ofSeconds(1);

  private LedgerMain() {}

  public static void main(String[] arguments) throws IOException {
    int rows = ROWS;
    if (arguments.length == 2
        && arguments[0].equals("--rows")
        && arguments[1].matches("[1-9]\\d{0,7}")) {
      rows = Integer.parseInt(arguments[1]);
    } else if (arguments.length > 0) {
      System.err.println("usage: caisson bench ledger [--rows N]");
      System.exit(2);
    }
    Path data = Files.createTempDirectory("caisson-bench-ledger");
    boolean holds;
    try {
      holds = measure(data, rows);
    } finally {
      Main.delete(data);
    }
    System.exit(holds ? 0 : 1);
  }

  private static boolean measure(Path data, int rows) throws IOException {
    try (Store store = Store.open(data)) {
      OrganizationId organization = store.organizations().oldest(start(FIRST));
      System.err.println("writing " + rows + " rows, spread over a year");
      write(store, organization, rows);
      LedgerReports reports = new LedgerReports(store.ledger(), Tariff.DEFAULT);
      System.out.printf(
          Locale.ROOT, "database  %.0f MB%n", Files.size(data.resolve("caisson.db")) / 1e6);
      Duration month =
          timed("cost report of a month", () -> reports.costs(organization, FIRST, 31));
      Duration year = timed("cost report of a year", () -> reports.costs(organization, FIRST, 365));
      timed(
          "explanation of a month",
          () -> reports.explain(organization, UsageFilter.of(YearMonth.from(FIRST))));
      timed("explanation of the year", () -> reports.explain(organization, UsageFilter.ALL));
      timed("verification", () -> reports.verify(organization));
      boolean holds = month.compareTo(PROMISED) <= 0 && year.compareTo(PROMISED) <= 0;
      System.out.println(
          "promised: a cost report within "
              + PROMISED.toSeconds()
              + " s: "
              + (holds ? "holds" : "DOES NOT HOLD"));
      return holds;
    }
  }

  private static void write(Store store, OrganizationId organization, int rows) {
    long[] micros = new long[rows];
    KeyId key = KeyId.next();
    ContainerId container = ContainerId.next();
    for (int i = 0; i < rows; i++) {
      if (i % 20 == 0) {
        container = ContainerId.next();
      }
      Charge charge = charge(organization, key, container, i);
      Instant now = start(FIRST).plusMillis(Duration.ofDays(365).toMillis() * i / rows);
      String id = "open";
      long began = System.nanoTime();
      store
          .ledger()
          .apply(
              new LedgerChange.Keep(
                  new OpenCharge(
                      id,
                      store.owner().id(),
                      charge,
                      charge.intervals().until(),
                      OptionalLong.empty(),
                      OptionalLong.empty())));
      store.ledger().apply(new LedgerChange.Close(id, charge, Tariff.DEFAULT, now));
      micros[i] = (System.nanoTime() - began) / 1000;
    }
    Arrays.sort(micros);
    System.out.printf(
        Locale.ROOT, "a row     %d us (median, two transactions)%n", micros[rows / 2]);
  }

  private static Charge charge(
      OrganizationId organization, KeyId key, ContainerId container, int i) {
    long from = i * 10_000L;
    return new Charge(
        new Requester("req_" + i, organization, Optional.of(key)),
        Optional.empty(),
        i % 2 == 0 ? Optional.empty() : Optional.of("req_" + i),
        false,
        container,
        1,
        "bench",
        Instant.EPOCH,
        Intervals.of(new Interval(from, from + 1500)),
        100,
        1200,
        Duration.ofMillis(300),
        i % 10 == 0 ? 1 : 0,
        i % 10 == 0 ? 4096 : 0,
        2,
        600_000,
        true);
  }

  private static <T> Duration timed(String what, Supplier<T> action) {
    long began = System.nanoTime();
    T result = action.get();
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    if (result == null) {
      throw new IllegalStateException(what + " came to nothing");
    }
    System.out.printf(Locale.ROOT, "%-24s %d ms%n", what, took.toMillis());
    return took;
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(java.time.ZoneOffset.UTC).toInstant();
  }
}
