package dev.caisson.domain;

import java.time.Instant;

/**
 * Why and when the last sandbox of a container was given up; its workspace stayed.
 *
 * @param reason a stable word, one of those here
 */
public record Release(String reason, Instant at) {
  /** Nobody had used it for a while. */
  public static final String IDLE = "idle";

  /** Another container of its organization needed its place among the warm ones. */
  public static final String EVICTED = "evicted";

  /** The server was stopped. */
  public static final String SHUTDOWN = "shutdown";

  /** The server died, and the sandbox with it. */
  public static final String SERVER_RESTART = "server_restart";

  /** The machine went down, and all with it. */
  public static final String HOST_RESTART = "host_restart";

  /** The container's memory limit ended the sandbox itself. */
  public static final String OUT_OF_MEMORY = "out_of_memory";

  /** The sandbox ended for a reason that nobody saw. */
  public static final String SANDBOX_DIED = "sandbox_died";
}
