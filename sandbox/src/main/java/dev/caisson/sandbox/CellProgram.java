package dev.caisson.sandbox;

import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import java.time.Duration;
import java.util.Map;

/**
 * One cell, ready to run.
 *
 * @param outputDirectory where {@code $OUTPUT_DIR} points: {@code /files/output/<16 hex>}; made by
 *     the sandbox, removed again when the cell leaves nothing in it
 * @param limit wall clock; at most the sandbox's own cell limit
 * @param environment added to the sandbox's own
 */
public record CellProgram(
    Language language,
    String code,
    InterpreterMode mode,
    Duration limit,
    Map<String, String> environment,
    String outputDirectory) {
  public CellProgram {
    environment = Map.copyOf(environment);
  }
}
