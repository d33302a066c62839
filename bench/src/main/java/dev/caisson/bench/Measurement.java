package dev.caisson.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * One run of all operations. They take turns within each round, so that what the machine does
 * besides falls on all of them alike.
 */
final class Measurement {
  private final List<Operation> operations;
  private final int rounds;

  Measurement(List<Operation> operations, int rounds) {
    this.operations = List.copyOf(operations);
    this.rounds = rounds;
  }

  List<Measured> run() throws Exception {
    List<List<Long>> taken =
        operations.stream().map(_ -> (List<Long>) new ArrayList<Long>()).toList();
    for (Operation operation : operations) {
      for (int i = 0; i < operation.warmups(); i++) {
        operation.action().run();
      }
    }
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < operations.size(); i++) {
        taken.get(i).add(operations.get(i).action().run());
      }
    }
    List<Measured> measured = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      measured.add(new Measured(operations.get(i), new Samples(taken.get(i))));
    }
    return measured;
  }
}
