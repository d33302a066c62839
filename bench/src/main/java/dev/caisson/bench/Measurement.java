package dev.caisson.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One run of all operations, group after group. Each takes turns with the bare operation that it is
 * compared with, so that what the machine does besides falls on both alike. What leaves work behind
 * (a container that is being deleted) is in a group of its own, so that it is not charged to what
 * leaves none.
 */
final class Measurement {
  private final Map<String, Operation> bare;
  private final List<Group> groups;
  private final int rounds;
  private final Map<Operation, List<Long>> taken = new LinkedHashMap<>();
  private final Map<Operation, List<Long>> takenBeside = new LinkedHashMap<>();

  Measurement(List<Operation> bare, List<Group> groups, int rounds) {
    this.bare = new LinkedHashMap<>();
    bare.forEach(operation -> this.bare.put(operation.name(), operation));
    this.groups = List.copyOf(groups);
    this.rounds = rounds;
  }

  /**
   * Operations that are each compared with a bare one.
   *
   * @param repeats of each before the next has its turn
   * @param pause before each that is counted
   */
  record Group(List<Operation> operations, int repeats, Duration pause) {
    Group {
      operations = List.copyOf(operations);
    }
  }

  List<Measured> run() throws Exception {
    bare.values().forEach(operation -> taken.put(operation, new ArrayList<>()));
    for (Group group : groups) {
      for (Operation operation : group.operations()) {
        warmUp(baseline(operation));
        warmUp(operation);
      }
      for (int round = 0; round < rounds; round++) {
        for (Operation operation : group.operations()) {
          List<Long> beside = times(group, baseline(operation));
          of(taken, baseline(operation)).addAll(beside);
          of(takenBeside, operation).addAll(beside);
          of(taken, operation).addAll(times(group, operation));
        }
      }
    }
    return taken.entrySet().stream()
        .map(entry ->
            new Measured(
                entry.getKey(),
                new Samples(entry.getValue()),
                Optional.ofNullable(takenBeside.get(entry.getKey())).map(Samples::new)))
        .toList();
  }

  private Operation baseline(Operation operation) {
    return operation
        .baseline()
        .map(bare::get)
        .orElseThrow(() -> new IllegalStateException("no baseline of " + operation.name()));
  }

  private static void warmUp(Operation operation) throws Exception {
    for (int i = 0; i < operation.warmups(); i++) {
      operation.action().run();
    }
  }

  private static List<Long> times(Group group, Operation operation) throws Exception {
    List<Long> times = new ArrayList<>();
    for (int i = 0; i < group.repeats(); i++) {
      Thread.sleep(group.pause());
      times.add(operation.action().run());
    }
    return times;
  }

  private static List<Long> of(Map<Operation, List<Long>> all, Operation operation) {
    return all.computeIfAbsent(operation, _ -> new ArrayList<>());
  }
}
