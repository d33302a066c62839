package dev.caisson.runner;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stages, each after those it reads from.
 *
 * @param cycle the names round a circle, the first again at the end; empty when there is none, and
 *     only then are {@code stages} complete
 */
record StageOrder(List<Stage> stages, List<String> cycle) {
  /** Orders stages by depth first; what comes first in the file stays first where it can. */
  static StageOrder of(List<Stage> stages) {
    Map<String, Stage> byName = new LinkedHashMap<>();
    stages.forEach(stage -> byName.put(stage.name(), stage));
    Walk walk = new Walk(byName);
    for (Stage stage : byName.values()) {
      if (!walk.visit(stage)) {
        return new StageOrder(walk.ordered, walk.cycle);
      }
    }
    return new StageOrder(walk.ordered, List.of());
  }

  private static final class Walk {
    private final Map<String, Stage> byName;
    private final List<Stage> ordered = new ArrayList<>();
    private final Set<String> done = new HashSet<>();
    private final Deque<String> path = new ArrayDeque<>();
    private List<String> cycle = List.of();

    Walk(Map<String, Stage> byName) {
      this.byName = byName;
    }

    boolean visit(Stage stage) {
      if (done.contains(stage.name())) {
        return true;
      }
      if (path.contains(stage.name())) {
        List<String> names = new ArrayList<>(path);
        List<String> round =
            new ArrayList<>(names.subList(names.indexOf(stage.name()), names.size()));
        round.add(stage.name());
        cycle = round;
        return false;
      }
      path.addLast(stage.name());
      for (StageInput input : stage.in().values()) {
        if (input instanceof StageInput.Upstream upstream) {
          Stage before = byName.get(upstream.artifact().stage());
          if (before != null && !visit(before)) {
            return false;
          }
        }
      }
      path.removeLast();
      done.add(stage.name());
      ordered.add(stage);
      return true;
    }
  }
}
