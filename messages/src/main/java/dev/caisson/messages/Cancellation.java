package dev.caisson.messages;

import dev.caisson.domain.CaissonException;

/**
 * What becomes of a request whose client has gone: nobody reads it, nothing more is done for it.
 */
final class Cancellation {
  private Cancellation() {}

  static CaissonException cancelled() {
    return new CaissonException.Conflict(
        "the request was ended early: its client has gone, or the server is shutting down");
  }

  /** Stops here when the thread was interrupted. */
  static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw cancelled();
    }
  }
}
