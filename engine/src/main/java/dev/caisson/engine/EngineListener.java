package dev.caisson.engine;

import dev.caisson.domain.Cell;
import java.time.Duration;

/**
 * Hears what the engine does, to count it. Called by the threads that do it, on the way to a reply:
 * quick, and throwing nothing.
 */
public interface EngineListener {
  EngineListener NONE =
      new EngineListener() {
        @Override
        public void cellStarted(Duration waited) {}

        @Override
        public void cellEnded(Cell cell) {}

        @Override
        public void sandboxOpened(Duration took) {}

        @Override
        public void refusedForDisk() {}
      };

  /**
   * A cell has its turn.
   *
   * @param waited for the cells before it
   */
  void cellStarted(Duration waited);

  /** A cell has ended and its record is kept. */
  void cellEnded(Cell cell);

  /** A sandbox was opened, cold. */
  void sandboxOpened(Duration took);

  /** Something new was refused because the disk of the data directory is nearly full. */
  void refusedForDisk();
}
