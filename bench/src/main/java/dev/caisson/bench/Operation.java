package dev.caisson.bench;

import java.util.Optional;

/**
 * Something whose time is measured.
 *
 * @param name a stable word for programs
 * @param title for people
 * @param baseline name of the bare operation that it is compared with; empty for a bare one
 * @param warmups runs that are not counted: the JVM compiles, caches fill
 * @param target the highest ratio to the baseline that is promised; empty where none is
 */
record Operation(
    String name,
    String title,
    Optional<String> baseline,
    int warmups,
    Optional<Double> target,
    Action action) {
  /** Enough where a process is started anew each time, which the JVM has little part in. */
  private static final int FEW = 10;

  /** A server that has served this often runs compiled code. */
  private static final int MANY = 1000;

  /** Does it once. */
  @FunctionalInterface
  interface Action {
    /** Returns what it took, in nanoseconds, without getting ready and cleaning up. */
    long run() throws Exception;
  }

  static Operation bare(String name, String title, Action action) {
    return new Operation(name, title, Optional.empty(), FEW, Optional.empty(), action);
  }

  static Operation compared(String name, String title, String baseline, Action action) {
    return new Operation(name, title, Optional.of(baseline), FEW, Optional.empty(), action);
  }

  /** For what a running server does all day. */
  Operation wellWarmed() {
    return new Operation(name, title, baseline, MANY, target, action);
  }

  Operation withTarget(double ratio) {
    return new Operation(name, title, baseline, warmups, Optional.of(ratio), action);
  }
}
