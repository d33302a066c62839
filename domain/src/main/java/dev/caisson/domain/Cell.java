package dev.caisson.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A cell that has run. */
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
    List<OutputFile> outputs) {
  public Cell {
    outputs = List.copyOf(outputs);
  }
}
