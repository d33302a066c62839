package dev.caisson.sandbox;

/**
 * What a sandbox has used.
 *
 * @param peakMemoryBytes the most at once; 0 where nobody counts
 * @param starved whether a process was ended for want of memory that no cell's result told of: what
 *     ended a sandbox that died by itself
 */
public record SandboxUsage(long peakMemoryBytes, boolean starved) {
  /** Nobody counts, or nobody knows any more. */
  public static final SandboxUsage UNKNOWN = new SandboxUsage(0, false);
}
