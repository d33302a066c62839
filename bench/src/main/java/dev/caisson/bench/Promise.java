package dev.caisson.bench;

import java.util.Locale;

/** How far the median of an operation may be from that of its baseline. */
sealed interface Promise {
  boolean holds(double medianMillis, double baselineMillis);

  /** For a table. */
  String shown();

  /** So many times as long. */
  record Ratio(double most) implements Promise {
    @Override
    public boolean holds(double medianMillis, double baselineMillis) {
      return medianMillis / baselineMillis <= most;
    }

    @Override
    public String shown() {
      return "<= " + most;
    }
  }

  /** So many milliseconds, whatever its baseline takes. */
  record Total(double mostMillis) implements Promise {
    @Override
    public boolean holds(double medianMillis, double baselineMillis) {
      return medianMillis <= mostMillis;
    }

    @Override
    public String shown() {
      return String.format(Locale.ROOT, "<= %.0f ms", mostMillis);
    }
  }

  /** So many milliseconds longer. */
  record Added(double mostMillis) implements Promise {
    @Override
    public boolean holds(double medianMillis, double baselineMillis) {
      return medianMillis - baselineMillis <= mostMillis;
    }

    @Override
    public String shown() {
      return String.format(Locale.ROOT, "<= +%.0f ms", mostMillis);
    }
  }
}
