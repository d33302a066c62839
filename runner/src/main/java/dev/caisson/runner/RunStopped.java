package dev.caisson.runner;

/** Why a run cannot simply go on; never leaves the runner. */
abstract sealed class RunStopped extends Exception {
  private static final long serialVersionUID = 1L;

  private RunStopped(String message) {
    super(message);
  }

  /** A stage failed for good. */
  static final class Failed extends RunStopped {
    private static final long serialVersionUID = 1L;
    private final transient StageFailure failure;

    Failed(StageFailure failure) {
      super(failure.message());
      this.failure = failure;
    }

    StageFailure failure() {
      return failure;
    }
  }

  /** The container, or the sandbox around it, died: a cache miss, not an error. */
  static final class Gone extends RunStopped {
    private static final long serialVersionUID = 1L;
    private final boolean workspaceLost;

    /**
     * @param workspaceLost whether the files are gone too
     */
    Gone(String reason, boolean workspaceLost) {
      super(reason);
      this.workspaceLost = workspaceLost;
    }

    boolean workspaceLost() {
      return workspaceLost;
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /** The running thread was interrupted. */
  static final class Cancelled extends RunStopped {
    private static final long serialVersionUID = 1L;

    Cancelled() {
      super("cancelled");
    }
  }
}
