package dev.caisson.engine;

import dev.caisson.domain.BatchId;
import dev.caisson.domain.BatchOutcome;

/** Hears what happens to batches. Called from any thread, and must not block. */
public interface BatchListener {
  /** Does nothing. */
  BatchListener NONE =
      new BatchListener() {
        @Override
        public void mayRun() {}

        @Override
        public void stop(BatchId batch, BatchOutcome outcome) {}
      };

  /** There may be requests to run. */
  void mayRun();

  /** What runs of a batch is to end with that outcome. */
  void stop(BatchId batch, BatchOutcome outcome);
}
