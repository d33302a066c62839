package dev.caisson.bench;

import java.util.Optional;

/**
 * Something whose time is measured.
 *
 * @param name a stable word for programs
 * @param title for people
 * @param baseline name of the bare operation that it is compared with; empty for a bare one
 * @param warmups runs that are not counted: the JVM compiles, caches fill
 * @param promise what is promised of it beside its baseline; empty where nothing is
 */
record Operation(
    String name,
    String title,
    Optional<String> baseline,
    int warmups,
    Optional<Promise> promise,
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
    return new Operation(name, title, baseline, MANY, promise, action);
  }

  /** Promises that it takes at most so many times as long as its baseline. */
  Operation withTarget(double ratio) {
    return promising(new Promise.Ratio(ratio));
  }

  /** Promises that it takes at most so much longer than its baseline. */
  Operation withAddedTarget(double millis) {
    return promising(new Promise.Added(millis));
  }

  /** Promises that it takes at most so long. */
  Operation withTotalTarget(double millis) {
    return promising(new Promise.Total(millis));
  }

  private Operation promising(Promise promised) {
    return new Operation(name, title, baseline, warmups, Optional.of(promised), action);
  }
}
