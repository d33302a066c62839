package dev.caisson.runner;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a stage's result hangs on, and nothing else: no times, no paths of this machine.
 * Two runs with the same key make the same artifacts, so the second one need not happen.
 *
 * @param fields what went in, nested maps and texts; kept to say later what changed
 * @param digest of the canonical form of {@code fields}
 */
record ActionKey(Map<String, Object> fields, String digest) {
  /** Raised when the runner prepares stages in another way, which makes old results foreign. */
  private static final int VERSION = 1;

  ActionKey(Map<String, Object> fields) {
    this(fields, Sha256.of(Json.CANONICAL.writeValueAsString(fields)));
  }

  /** A file that a stage is given: where it stands in the stage's directory, and its content. */
  record Placed(String place, String sha256) {}

  /**
   * The key of a stage.
   *
   * @param code place of script and helpers to hash
   * @param executables which of them a script may start as programs
   */
  static ActionKey of(
      Pipeline pipeline,
      Stage stage,
      String imageDigest,
      Map<String, String> code,
      Set<String> executables,
      Map<String, Placed> inputs) {
    Map<String, Object> fields = new TreeMap<>();
    fields.put("v", VERSION);
    // The directory in the container bears these two names, and a script can see it.
    fields.put("pipeline", pipeline.name());
    fields.put("stage", stage.name());
    fields.put("image", imageDigest);
    fields.put("run", stage.run());
    fields.put("code", new TreeMap<>(code));
    fields.put("executables", new TreeSet<>(executables));
    Map<String, Object> in = new TreeMap<>();
    inputs.forEach(
        (name, placed) -> in.put(name, Map.of("place", placed.place(), "sha256", placed.sha256())));
    fields.put("in", in);
    fields.put("out", new TreeMap<>(stage.out()));
    fields.put("env", StageEnvironment.declared(pipeline, stage));
    return new ActionKey(fields);
  }

  /**
   * What differs from an earlier key of the same stage, such as {@code clean.py changed}.
   *
   * @param params names of the pipeline's parameters
   */
  List<String> changesSince(Map<String, Object> earlier, Collection<String> params) {
    List<String> changes = new ArrayList<>();
    TreeSet<String> names = new TreeSet<>(fields.keySet());
    names.addAll(earlier.keySet());
    for (String name : names) {
      Object now = fields.get(name);
      Object then = earlier.get(name);
      if (now instanceof Map<?, ?> nowMap && then instanceof Map<?, ?> thenMap) {
        changes.addAll(changes(name, nowMap, thenMap, params));
      } else if (!String.valueOf(now).equals(String.valueOf(then))) {
        changes.add(name + " changed");
      }
    }
    return changes;
  }

  private static List<String> changes(
      String field, Map<?, ?> now, Map<?, ?> then, Collection<String> params) {
    List<String> changes = new ArrayList<>();
    TreeSet<String> names = new TreeSet<>();
    now.keySet().forEach(name -> names.add(String.valueOf(name)));
    then.keySet().forEach(name -> names.add(String.valueOf(name)));
    for (String name : names) {
      if (String.valueOf(canonical(now.get(name))).equals(canonical(then.get(name)))) {
        continue;
      }
      String shown =
          switch (field) {
            case "code" -> name;
            case "env" -> StageEnvironment.told(name, params);
            default -> field + " " + name;
          };
      changes.add(
          shown
              + (!then.containsKey(name)
                  ? " is new"
                  : now.containsKey(name) ? " changed" : " is gone"));
    }
    return changes;
  }

  private static String canonical(@Nullable Object value) {
    return Json.CANONICAL.writeValueAsString(value);
  }
}
