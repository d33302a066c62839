package dev.caisson.cli;

import dev.caisson.domain.BillingRule;
import dev.caisson.domain.Charge;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.Page;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageExplanation;
import dev.caisson.domain.UsageRow;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Rows of the ledger and their explanation, for people. */
final class UsageView {
  private static final int MILLIS_PER_HOUR = 3_600_000;

  private UsageView() {}

  static void rows(Console console, Page<UsageRow> page) {
    if (page.items().isEmpty()) {
      console.line("nothing was billed");
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("RECORDED", "CONTAINER", "CELLS", "FILES", "USED", "BILLED", "COST", "RULE"));
    for (UsageRow row : page.items()) {
      Charge charge = row.charge();
      rows.add(
          List.of(
              row.recordedAt().truncatedTo(ChronoUnit.SECONDS).toString(),
              charge.container().value(),
              String.valueOf(charge.cells()),
              charge.attachedFiles() == 0
                  ? "-"
                  : charge.attachedFiles() + " (" + Sizes.human(charge.attachedBytes()) + ")",
              time(row.price().countedMillis()),
              time(row.price().billedMillis()),
              dollars(row.cents()),
              rule(row.price().rule())));
    }
    console.table(rows);
    UsageRow newest = page.items().getFirst();
    console.note(
        "month of the newest row so far: "
            + time(newest.monthMillis())
            + " billed, "
            + time(newest.tariff().freePerMonth().toMillis())
            + " are free, "
            + dollars(newest.monthCents())
            + " to pay");
    if (page.next().isPresent()) {
      console.note("there are more; --limit shows up to 1000, --month and --container choose");
    }
  }

  static void explanation(Console console, String title, UsageExplanation usage) {
    console.line(console.bold("Usage of " + title));
    console.line("");
    console.line(
        "  "
            + count(usage.requests(), "request")
            + ", "
            + count(usage.cells(), "cell")
            + ", "
            + count(usage.containers(), "container"));
    console.line(line("used", usage.usedMillis(), "overlaps counted once"));
    console.line(line("added by the minimum", usage.minimumMillis(), minimum(usage.tariff())));
    console.line(line("billed", usage.billedMillis(), ""));
    console.line(line("free hours took", usage.freeMillis(), free(usage.tariff())));
    console.line(
        line(
            "to pay",
            usage.billedMillis() - usage.freeMillis(),
            dollars(usage.cents())
                + " at $"
                + usage.tariff().dollarsPerHour().toPlainString()
                + " an hour"));
    if (!usage.rules().isEmpty()) {
      console.line("");
      rules(console, usage);
    }
    console.line("");
    others(console, usage);
    idle(console, usage.idle());
  }

  private static void rules(Console console, UsageExplanation usage) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("RULE", "REQUESTS", "USED", "BILLED"));
    for (UsageExplanation.Line line : usage.rules()) {
      rows.add(
          List.of(
              rule(line.rule()),
              String.valueOf(line.requests()),
              time(line.usedMillis()),
              time(line.billedMillis())));
    }
    console.table(rows);
  }

  private static void others(Console console, UsageExplanation usage) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("IT WOULD HAVE BEEN", "BILLED", "DIFFERENCE"));
    rows.add(
        other("without reuse: each cell alone in a container", usage.withoutReuseMillis(), usage));
    rows.add(other("with the minimum for each request", usage.perRequestMillis(), usage));
    rows.add(other("with the minimum for each warm period", usage.perContainerMillis(), usage));
    console.table(rows);
  }

  private static List<String> other(String what, long millis, UsageExplanation usage) {
    long difference = millis - usage.billedMillis();
    String sign = difference < 0 ? "-" : "+";
    BigDecimal worth = Tariff.cents(usage.tariff().cost(Math.abs(difference)));
    return List.of(
        what,
        time(millis),
        difference == 0
            ? "the same"
            : sign
                + time(Math.abs(difference))
                + " ("
                + dollars(worth)
                + " beyond the free hours)");
  }

  private static void idle(Console console, UsageExplanation.Idle idle) {
    console.line("");
    console.line(
        idle.requests() == 0
            ? "  No request brought files and ran nothing."
            : "  "
                + count(idle.requests(), "request")
                + " brought "
                + count(idle.files(), "file")
                + " ("
                + Sizes.human(idle.bytes())
                + ") and ran nothing: "
                + time(idle.billedMillis())
                + " billed");
  }

  private static String line(String name, long millis, String remark) {
    return String.format("  %-22s %14s  %s", name, time(millis), remark).stripTrailing();
  }

  private static String minimum(Tariff tariff) {
    return time(tariff.minimum().toMillis())
        + (tariff.scope() == MinimumScope.REQUEST
            ? " for each request"
            : " once for each warm period");
  }

  private static String free(Tariff tariff) {
    return "of " + time(tariff.freePerMonth().toMillis()) + " a month";
  }

  private static String rule(BillingRule rule) {
    return switch (rule) {
      case REQUEST_MINIMUM -> "minimum per request";
      case CONTAINER_MINIMUM -> "minimum per warm period";
      case ATTACHED_FILES -> "files, nothing ran";
      case WEB_TOOL_EXEMPTION -> "free beside a web tool";
    };
  }

  private static String count(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }

  /** Such as {@code 850 ms}, {@code 12.3 s}, {@code 5 min}, {@code 1550 h}. */
  static String time(long millis) {
    if (millis < 1000) {
      return millis + " ms";
    }
    if (millis < 120_000 && millis % 60_000 != 0) {
      return rounded(millis, 1000) + " s";
    }
    if (millis < 2 * MILLIS_PER_HOUR && millis % MILLIS_PER_HOUR != 0) {
      return rounded(millis, 60_000) + " min";
    }
    return rounded(millis, MILLIS_PER_HOUR) + " h";
  }

  private static String rounded(long millis, int unit) {
    return BigDecimal.valueOf(millis)
        .divide(BigDecimal.valueOf(unit), 1, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  /** Such as {@code $0.0042}: four decimals, because a request may cost less than a cent. */
  static String dollars(BigDecimal cents) {
    return "$" + cents.movePointLeft(2).setScale(4, RoundingMode.HALF_UP).toPlainString();
  }
}
