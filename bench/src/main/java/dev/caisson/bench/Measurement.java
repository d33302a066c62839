package dev.caisson.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * One run of all operations. They take turns within each round, so that what the machine does
 * besides falls on all of them alike.
 */
final class Measurement {
  private final List<Operation> operations;
  private final int warmups;
  private final int rounds;

  /**
   * Prepares a run.
   *
   * @param warmups rounds that are not counted: the JVM compiles, caches fill
   */
  Measurement(List<Operation> operations, int warmups, int rounds) {
    this.operations = List.copyOf(operations);
    this.warmups = warmups;
    this.rounds = rounds;
  }

  List<Measured> run() throws Exception {
    List<List<Long>> taken =
        operations.stream().map(_ -> (List<Long>) new ArrayList<Long>()).toList();
    for (int round = -warmups; round < rounds; round++) {
      for (int i = 0; i < operations.size(); i++) {
        long nanos = operations.get(i).action().run();
        if (round >= 0) {
          taken.get(i).add(nanos);
        }
      }
    }
    List<Measured> measured = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      measured.add(new Measured(operations.get(i), new Samples(taken.get(i))));
    }
    return measured;
  }
}
