package dev.caisson.bench;

import java.util.Optional;

/**
 * Something whose time is measured.
 *
 * @param name a stable word for programs
 * @param title for people
 * @param baseline name of the bare operation that it is compared with; empty for a bare one
 * @param target the highest ratio to the baseline that is promised; empty where none is
 */
record Operation(
    String name, String title, Optional<String> baseline, Optional<Double> target, Action action) {
  /** Does it once. */
  @FunctionalInterface
  interface Action {
    /** Returns what it took, in nanoseconds, without getting ready and cleaning up. */
    long run() throws Exception;
  }

  static Operation bare(String name, String title, Action action) {
    return new Operation(name, title, Optional.empty(), Optional.empty(), action);
  }

  static Operation compared(String name, String title, String baseline, Action action) {
    return new Operation(name, title, Optional.of(baseline), Optional.empty(), action);
  }

  Operation withTarget(double ratio) {
    return new Operation(name, title, baseline, Optional.of(ratio), action);
  }
}
