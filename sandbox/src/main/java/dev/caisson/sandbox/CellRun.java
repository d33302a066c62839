package dev.caisson.sandbox;

import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.CellOutcome;
import java.time.Duration;
import java.util.List;

/**
 * What became of a cell. Whatever the caller must be told (a timeout, what was ended, what stands
 * in the output directory and is no output) is in {@code stderr} already.
 *
 * @param outputs names of the top-level regular files with one link in the output directory
 */
public record CellRun(
    CellOutcome outcome,
    CapturedOutput stdout,
    CapturedOutput stderr,
    Duration wall,
    Duration cpu,
    List<String> outputs) {
  public CellRun {
    outputs = List.copyOf(outputs);
  }

  public CellRun withOutcome(CellOutcome value) {
    return new CellRun(value, stdout, stderr, wall, cpu, outputs);
  }

  public CellRun withStderr(CapturedOutput value) {
    return new CellRun(outcome, stdout, value, wall, cpu, outputs);
  }
}
