package dev.caisson.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One run of all operations, group after group. Within a round the bare operations and those of the
 * group take turns, so that what the machine does besides falls on all of them alike. What leaves
 * work behind (a container that is being deleted) is in a group of its own, so that it is not
 * charged to what leaves none.
 */
final class Measurement {
  private final List<Operation> bare;
  private final List<Group> groups;
  private final int rounds;

  Measurement(List<Operation> bare, List<Group> groups, int rounds) {
    this.bare = List.copyOf(bare);
    this.groups = List.copyOf(groups);
    this.rounds = rounds;
  }

  /**
   * Operations that take turns.
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
    Map<Operation, List<Long>> taken = new LinkedHashMap<>();
    for (Group group : groups) {
      List<Operation> turns = new ArrayList<>(bare);
      turns.addAll(group.operations());
      for (Operation operation : turns) {
        for (int i = 0; i < operation.warmups(); i++) {
          operation.action().run();
        }
      }
      for (int round = 0; round < rounds; round++) {
        for (Operation operation : turns) {
          for (int i = 0; i < group.repeats(); i++) {
            Thread.sleep(group.pause());
            taken.computeIfAbsent(operation, _ -> new ArrayList<>()).add(operation.action().run());
          }
        }
      }
    }
    return taken.entrySet().stream()
        .map(entry -> new Measured(entry.getKey(), new Samples(entry.getValue())))
        .toList();
  }
}
