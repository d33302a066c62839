package dev.caisson.domain;

import java.util.List;

/** How far a cell has come that may call tools of the client. */
public sealed interface CellStep {
  /** It stands still until every one of these calls has an answer. */
  record Waiting(List<PendingCall> calls) implements CellStep {
    public Waiting {
      calls = List.copyOf(calls);
    }
  }

  /** It has ended. */
  record Ended(Cell cell) implements CellStep {}
}
