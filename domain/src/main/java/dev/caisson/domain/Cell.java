package dev.caisson.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A cell that has run.
 *
 * @param changes what it did to the files of its container
 */
public record Cell(
    CellId id,
    ContainerId containerId,
    Language language,
    CellOutcome outcome,
    CapturedOutput stdout,
    CapturedOutput stderr,
    Instant startedAt,
    Duration wall,
    Duration cpu,
    List<OutputFile> outputs,
    CellChanges changes) {
  public Cell {
    outputs = List.copyOf(outputs);
  }

  /** A cell of whose changes nothing is known yet. */
  public Cell(
      CellId id,
      ContainerId containerId,
      Language language,
      CellOutcome outcome,
      CapturedOutput stdout,
      CapturedOutput stderr,
      Instant startedAt,
      Duration wall,
      Duration cpu,
      List<OutputFile> outputs) {
    this(
        id,
        containerId,
        language,
        outcome,
        stdout,
        stderr,
        startedAt,
        wall,
        cpu,
        outputs,
        CellChanges.UNKNOWN);
  }

  /** The same cell with what is known of its changes. */
  public Cell withChanges(CellChanges known) {
    return new Cell(
        id, containerId, language, outcome, stdout, stderr, startedAt, wall, cpu, outputs, known);
  }
}
