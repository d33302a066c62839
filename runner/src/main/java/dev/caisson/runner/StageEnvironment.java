package dev.caisson.runner;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The variables that a stage's script is given. */
final class StageEnvironment {
  /** Prefixes that are ours in a script's environment. */
  static final List<String> PREFIXES = List.of("IN_", "OUT_", "PARAM_");

  private StageEnvironment() {}

  /** {@code raw-rows} becomes {@code IN_RAW_ROWS}. */
  static String variable(String prefix, String name) {
    return prefix + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** A variable as its author knows it: {@code PARAM_YEAR} is {@code param year}. */
  static String told(String variable, Collection<String> params) {
    if (!variable.startsWith("PARAM_")) {
      return "env " + variable;
    }
    return params.stream()
        .filter(param -> variable("PARAM_", param).equals(variable))
        .findFirst()
        .map(param -> "param " + param)
        // The pipeline no longer has it, so its spelling is lost.
        .orElseGet(() -> "param " + variable.substring("PARAM_".length()).toLowerCase(Locale.ROOT));
  }

  /** What the author set: the pipeline's variables under the stage's, and the parameters. */
  static Map<String, String> declared(Pipeline pipeline, Stage stage) {
    Map<String, String> variables = new TreeMap<>(pipeline.env());
    variables.putAll(stage.env());
    for (String param : stage.params()) {
      variables.put(variable("PARAM_", param), String.valueOf(pipeline.params().get(param)));
    }
    return variables;
  }
}
