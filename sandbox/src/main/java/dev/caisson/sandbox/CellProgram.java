package dev.caisson.sandbox;

import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * One cell, ready to run.
 *
 * @param outputDirectory where {@code $OUTPUT_DIR} points: {@code /files/output/<16 hex>}; made by
 *     the sandbox, removed again when the cell leaves nothing in it
 * @param limit wall clock; at most the sandbox's own cell limit
 * @param environment added to the sandbox's own
 * @param functions tools that Python code may call, by names that Python can call
 */
public record CellProgram(
    Language language,
    String code,
    InterpreterMode mode,
    Duration limit,
    Map<String, String> environment,
    String outputDirectory,
    List<String> functions) {
  public CellProgram {
    environment = Map.copyOf(environment);
    functions = List.copyOf(functions);
  }

  /** A program that calls no tools. */
  public CellProgram(
      Language language,
      String code,
      InterpreterMode mode,
      Duration limit,
      Map<String, String> environment,
      String outputDirectory) {
    this(language, code, mode, limit, environment, outputDirectory, List.of());
  }
}
