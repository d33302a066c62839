package dev.caisson.sandbox;

import dev.caisson.domain.CallAnswer;
import java.util.List;
import java.util.Optional;

/** Answers the tools that a cell calls. Called on the cell's own thread, which waits meanwhile. */
@FunctionalInterface
public interface CallHandler {
  /** For cells without functions. */
  CallHandler NONE =
      calls -> {
        throw new IllegalStateException("a cell without functions cannot call one");
      };

  /**
   * Gives an answer to each of the calls, in their order. The cell's clock stands until it returns.
   *
   * @param calls made at once, at least one
   * @return empty when the cell has had all the time that it may have, and is to be ended
   * @throws InterruptedException when the cell is to be cancelled
   */
  Optional<List<CallAnswer>> answer(List<CellCall> calls) throws InterruptedException;
}
