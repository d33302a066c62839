package dev.caisson.messages;

import dev.caisson.domain.BatchClaim;
import dev.caisson.domain.BatchOutcome;
import dev.caisson.engine.Batches;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One request of a batch while it is answered. It can be stopped from any thread, which interrupts
 * the worker as long as it works for this request and never later; all else is the worker's.
 */
final class BatchRun {
  private final BatchClaim claim;
  private final Thread worker;

  // Guarded by this.
  private @Nullable BatchOutcome stopped;
  private boolean ended;

  private boolean ranCode;
  private @Nullable BatchOutcome reached;
  private String text = "";

  BatchRun(BatchClaim claim, Thread worker) {
    this.claim = claim;
    this.worker = worker;
  }

  BatchClaim claim() {
    return claim;
  }

  /** Interrupts the work; the first reason counts. */
  synchronized void stop(BatchOutcome outcome) {
    if (!ended && stopped == null) {
      stopped = outcome;
      worker.interrupt();
    }
  }

  synchronized Optional<BatchOutcome> stopped() {
    return Optional.ofNullable(stopped);
  }

  /** From here on the worker is not interrupted any more. */
  synchronized void end() {
    ended = true;
    Thread.interrupted();
  }

  void codeMayHaveRun() {
    ranCode = true;
  }

  boolean mayHaveRunCode() {
    return ranCode;
  }

  /** Waits before another attempt; false when the request is stopped meanwhile. */
  boolean pause(Duration pause) {
    try {
      Thread.sleep(pause);
      return true;
    } catch (InterruptedException e) {
      return false; // end() clears what stop() has set
    }
  }

  void succeed(String message) {
    reached = BatchOutcome.SUCCEEDED;
    text = message;
  }

  void fail(String error) {
    reached = BatchOutcome.ERRORED;
    text = error;
  }

  /** What became of it: a message that came about counts, though it was to be stopped. */
  synchronized BatchOutcome outcome() {
    if (reached == BatchOutcome.SUCCEEDED) {
      return reached;
    }
    if (stopped != null) {
      return stopped;
    }
    return reached == null ? BatchOutcome.ERRORED : reached;
  }

  /** The message or the error as JSON, or the word for a server that ended. */
  synchronized String text() {
    if (reached == BatchOutcome.SUCCEEDED || stopped == null) {
      return text;
    }
    return stopped == BatchOutcome.ERRORED ? Batches.LOST : "";
  }
}
