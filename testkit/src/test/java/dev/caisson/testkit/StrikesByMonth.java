package dev.caisson.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The monthly report's figures, computed once more from the same CSV without any of its scripts and
 * libraries.
 */
final class StrikesByMonth {
  private static final List<String> SIZES = List.of("Small", "Medium", "Large");
  private static final Set<String> DAMAGE = Set.of("None", "Minor", "Medium", "Substantial");

  private StrikesByMonth() {}

  private static final class Month {
    final int[] bySize = new int[SIZES.size()];
    int strikes;
    int damaging;
    long costUsd;

    String line(YearMonth month) {
      return "%s,%d,%d,%d,%d,%d,%d"
          .formatted(month, strikes, bySize[0], bySize[1], bySize[2], damaging, costUsd);
    }
  }

  /** The lines that {@code summary.csv} must have. */
  static List<String> summary(Path csv) throws IOException {
    List<String> rows = new ArrayList<>(Files.readAllLines(csv, StandardCharsets.US_ASCII));
    List<String> header = List.of(rows.removeFirst().split(",", -1));
    int date = header.indexOf("Flight Date");
    int damage = header.indexOf("Effect Amount of damage");
    int size = header.indexOf("Wildlife Size");
    int cost = header.indexOf("Cost Total $");
    Map<YearMonth, Month> months = new TreeMap<>();
    for (String row : new LinkedHashSet<>(rows)) {
      String[] fields = row.split(",", -1);
      if (fields.length != header.size()) {
        throw new IOException("a row with " + fields.length + " fields: " + row);
      }
      if (!DAMAGE.contains(fields[damage])) {
        continue;
      }
      Month month =
          months.computeIfAbsent(YearMonth.from(LocalDate.parse(fields[date])), _ -> new Month());
      month.strikes++;
      month.bySize[SIZES.indexOf(fields[size])]++;
      month.damaging += fields[damage].equals("None") ? 0 : 1;
      month.costUsd += Long.parseLong(fields[cost]);
    }
    List<String> lines = new ArrayList<>();
    lines.add("month,strikes,small,medium,large,damaging,cost_usd");
    List<YearMonth> named = List.copyOf(months.keySet());
    for (YearMonth month = named.getFirst();
        !month.isAfter(named.getLast());
        month = month.plusMonths(1)) {
      lines.add(months.getOrDefault(month, new Month()).line(month));
    }
    return lines;
  }
}
