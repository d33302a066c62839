package dev.caisson.testkit;

import java.util.List;
import java.util.Locale;

/** Prints what became of attacks, a line each. */
final class AttackTable {
  /** Neighbours of an attack may be this much slower at their slowest. */
  static final double MOST_RATIO = 3;

  private AttackTable() {}

  static String head() {
    return row("attack", "expected", "seen", "");
  }

  static String line(AttackResult result) {
    String timed =
        result.ratio() == 0
            ? String.format(Locale.ROOT, "%.1f s", result.millis() / 1e3)
            : String.format(
                Locale.ROOT,
                "%.1f s, neighbour p99 %.1f ms, quiet %.1f ms: x%.1f",
                result.millis() / 1e3,
                result.during().p99(),
                result.quiet().p99(),
                result.ratio());
    StringBuilder text =
        new StringBuilder(row(result.attack().name(), result.expected(), result.seen(), timed));
    for (String complaint : result.complaints()) {
      text.append("\n    ! ").append(complaint.replace('\n', '|'));
    }
    return text.toString();
  }

  private static String row(String name, String expected, String seen, String timed) {
    return String.format(Locale.ROOT, "%-28s %-34s %-34s %s", name, expected, seen, timed).strip();
  }

  static String summary(String where, List<AttackResult> results) {
    long open = results.stream().filter(result -> !result.contained()).count();
    return where
        + ": "
        + results.size()
        + " attacks, "
        + (results.size() - open)
        + " contained and reported as what they were, "
        + open
        + " not";
  }
}
