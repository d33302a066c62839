package dev.caisson.sandbox;

import java.util.Locale;

/** What keeps a workspace within its limit of disk. */
public enum DiskWall {
  /** The strongest that stands on this host. */
  AUTO,

  /** A file system of its own in a file, as large as the limit: the kernel refuses what is over. */
  LOOP,

  /** None but the engine's look at it from time to time. */
  WATCHDOG;

  /** The wall that a setting names; throws IllegalArgumentException that lists what there is. */
  public static DiskWall parse(String text) {
    for (DiskWall wall : values()) {
      if (wall.word().equals(text)) {
        return wall;
      }
    }
    throw new IllegalArgumentException("must be auto, loop or watchdog");
  }

  /** As settings and the keeper write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
