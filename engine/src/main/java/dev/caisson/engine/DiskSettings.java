package dev.caisson.engine;

import dev.caisson.domain.ByteSize;
import java.time.Duration;

/**
 * How disks are kept from filling up.
 *
 * @param floor of free space on the disk of the data directory: below it nothing new is taken in,
 *     below a quarter of it cells are ended; none switches that off
 * @param watch how often workspaces with running cells are measured, and the disk is looked at
 */
public record DiskSettings(ByteSize floor, Duration watch) {
  /**
   * A gibibyte holds two uploads of the largest size on their way, or what a cell can write between
   * two looks and while it is being ended; half a second lets one process overshoot its limit by
   * what the disk takes in that time, and costs one walk through the workspace.
   */
  public static final DiskSettings DEFAULT =
      new DiskSettings(ByteSize.ofGibibytes(1), Duration.ofMillis(500));

  public DiskSettings {
    if (!watch.isPositive()) {
      throw new IllegalArgumentException("watch must be positive: " + watch);
    }
  }

  public DiskSettings withFloor(ByteSize size) {
    return new DiskSettings(size, watch);
  }

  public DiskSettings withWatch(Duration every) {
    return new DiskSettings(floor, every);
  }
}
