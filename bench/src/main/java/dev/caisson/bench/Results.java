package dev.caisson.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run measured.
 *
 * @param loadBefore the machine's load average per core when it began; negative when unknown
 */
record Results(List<Measured> measured, double loadBefore) {
  /** Half of the cores busy with other work shows in every figure. */
  private static final double BUSY_LOAD = 0.5;

  Results {
    measured = List.copyOf(measured);
  }

  boolean holds() {
    return measured.stream().allMatch(Measured::holds);
  }

  /** Why the figures are not to be trusted; empty on a quiet machine. */
  List<String> doubts() {
    List<String> doubts = new ArrayList<>();
    if (loadBefore > BUSY_LOAD) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "the machine was busy before the run: load %.2f for each core",
              loadBefore));
    }
    for (Measured one : measured) {
      if (one.samples().noisy()) {
        doubts.add(
            String.format(
                Locale.ROOT,
                "%s spreads from %.2f to %.2f ms",
                one.operation().name(),
                one.samples().p10Millis(),
                one.samples().p90Millis()));
      }
    }
    return doubts;
  }

  String table() {
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            "%-64s %9s %9s %9s %9s %8s %8s %10s%n",
            "", "median ms", "p10", "p90", "added", "ratio", "of p10s", "promised"));
    for (Measured one : measured) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-64s %9.2f %9.2f %9.2f %9s %8s %8s %10s%n",
              one.operation().title(),
              one.samples().medianMillis(),
              one.samples().p10Millis(),
              one.samples().p90Millis(),
              one.added().map(Results::shown).orElse(""),
              one.ratio().map(Results::shown).orElse(""),
              one.ratioAtBest().map(Results::shown).orElse(""),
              one.operation().promise().map(Promise::shown).orElse("")));
    }
    for (Measured one : measured) {
      if (!one.holds()) {
        table.append("MISSED: ").append(one.operation().title()).append('\n');
      }
    }
    for (String doubt : doubts()) {
      table.append("noisy: ").append(doubt).append('\n');
    }
    return table.toString();
  }

  String json() {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Measured one : measured) {
      Operation operation = one.operation();
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", operation.name());
      row.put("title", operation.title());
      row.put("median_ms", one.samples().medianMillis());
      row.put("p10_ms", one.samples().p10Millis());
      row.put("p90_ms", one.samples().p90Millis());
      row.put("samples_ns", one.samples().nanos());
      operation.baseline().ifPresent(name -> row.put("baseline", name));
      one.ratio().ifPresent(ratio -> row.put("ratio", ratio));
      one.ratioAtBest().ifPresent(ratio -> row.put("ratio_of_p10s", ratio));
      one.added().ifPresent(added -> row.put("added_ms", added));
      operation.promise().ifPresent(promise -> row.put("promised", promise.shown()));
      row.put("holds", one.holds());
      rows.add(row);
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("load_per_core_before", loadBefore);
    all.put("noisy", doubts());
    all.put("operations", rows);
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
  }

  private static String shown(double ratio) {
    return String.format(Locale.ROOT, "%.2f", ratio);
  }
}
