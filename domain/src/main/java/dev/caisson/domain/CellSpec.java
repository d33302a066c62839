package dev.caisson.domain;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a caller asks a container to run.
 *
 * @param code the program text, as it stands
 * @param mode which Python process runs it; bash cells always have a process of their own
 * @param timeout shorter than the cell limit, or empty for the limit itself
 * @param environment variables for this cell alone; never stored
 * @param functions names of the client's tools that Python code may call as async functions
 * @param run the pipeline run that the cell belongs to
 */
public record CellSpec(
    Language language,
    String code,
    InterpreterMode mode,
    Optional<Duration> timeout,
    Map<String, String> environment,
    List<String> functions,
    Optional<RunId> run) {
  public CellSpec {
    environment = Map.copyOf(environment);
    functions = List.copyOf(functions);
  }

  /** A cell that calls no tools. */
  public CellSpec(
      Language language,
      String code,
      InterpreterMode mode,
      Optional<Duration> timeout,
      Map<String, String> environment) {
    this(language, code, mode, timeout, environment, List.of(), Optional.empty());
  }

  /** A cell in the container's interpreter, under the cell limit. */
  public static CellSpec python(String code) {
    return new CellSpec(
        Language.PYTHON, code, InterpreterMode.PERSISTENT, Optional.empty(), Map.of());
  }

  /** A bash cell under the cell limit. */
  public static CellSpec bash(String code) {
    return new CellSpec(Language.BASH, code, InterpreterMode.FRESH, Optional.empty(), Map.of());
  }

  public CellSpec withMode(InterpreterMode newMode) {
    return new CellSpec(language, code, newMode, timeout, environment, functions, run);
  }

  public CellSpec withTimeout(Duration newTimeout) {
    return new CellSpec(language, code, mode, Optional.of(newTimeout), environment, functions, run);
  }

  public CellSpec withEnvironment(Map<String, String> newEnvironment) {
    return new CellSpec(language, code, mode, timeout, newEnvironment, functions, run);
  }

  public CellSpec withFunctions(List<String> names) {
    return new CellSpec(language, code, mode, timeout, environment, names, run);
  }

  public CellSpec withRun(RunId id) {
    return new CellSpec(language, code, mode, timeout, environment, functions, Optional.of(id));
  }

  /** Without code and values of variables, so that no log can hold a secret. */
  @Override
  public String toString() {
    return "CellSpec[language=" + language + ", environment=" + environment.keySet() + "]";
  }
}
