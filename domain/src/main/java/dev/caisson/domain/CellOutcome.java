package dev.caisson.domain;

import java.time.Duration;

/** How a cell ended. A non-zero exit and a timeout are results, not errors. */
public sealed interface CellOutcome {
  /**
   * The program ended by itself. {@code returnCode} is its exit status, or 128 + the signal that it
   * died of.
   */
  record Completed(int returnCode) implements CellOutcome {}

  /**
   * The cell limit ended the program; the container lives on.
   *
   * @param limit the limit in force
   * @param interpreterLost whether the container's Python interpreter had to be ended as well
   */
  record TimedOut(Duration limit, boolean interpreterLost) implements CellOutcome {
    /** The return code shown for a timed-out cell, as timeout(1) has it. */
    public static final int RETURN_CODE = 124;
  }

  /**
   * Something other than the program or the cell limit ended it.
   *
   * @param reason a stable word: {@code out_of_memory}, {@code disk_full}, {@code cancelled},
   *     {@code container_deleted}, {@code server_stopped}, {@code sandbox_died}, {@code
   *     execution_time_exceeded}
   */
  record Killed(String reason, boolean interpreterLost) implements CellOutcome {
    /** The workspace, or the host's own disk, has no room left. */
    public static final String DISK_FULL = "disk_full";

    /** Whoever asked for the cell does not wait for it any more. */
    public static final String CANCELLED = "cancelled";

    /** Its container was deleted while it ran. */
    public static final String CONTAINER_DELETED = "container_deleted";

    /** The server was stopped and could wait no longer. */
    public static final String SERVER_STOPPED = "server_stopped";

    /** The reason of a cell that waited for tools until its whole time was over. */
    public static final String OUT_OF_TIME = "execution_time_exceeded";

    public static final int RETURN_CODE = 137;
  }

  /** Nobody saw the end: the server died while the cell ran. Its effects may have happened. */
  record Lost(String reason) implements CellOutcome {
    public static final int RETURN_CODE = -1;
  }

  /** The status word of the public API. */
  default String status() {
    return switch (this) {
      case Completed completed -> "completed";
      case TimedOut timedOut -> "timed_out";
      case Killed killed -> "killed";
      case Lost lost -> "lost";
    };
  }

  /** The return code of the public API; never 0 unless the program itself ended with 0. */
  default int returnCode() {
    return switch (this) {
      case Completed completed -> completed.returnCode();
      case TimedOut timedOut -> TimedOut.RETURN_CODE;
      case Killed killed -> Killed.RETURN_CODE;
      case Lost lost -> Lost.RETURN_CODE;
    };
  }
}
