package dev.caisson.sandbox;

import java.util.List;
import java.util.Optional;

/** What is known of the changes that a cell made to its workspace. */
public sealed interface Scan {
  /**
   * All is known.
   *
   * @param whole whether every file of the workspace was seen
   * @param shortfall what the scan could not see; empty when it saw everything
   */
  record Done(List<ScannedFile> files, boolean whole, Optional<String> shortfall) implements Scan {
    public Done {
      files = List.copyOf(files);
    }
  }

  /** The scan goes on; {@link Sandbox#changes(long)} waits for it. */
  record Later(long number) implements Scan {}

  /** Nothing is known, and nothing will be: the next scan finds what there is to find. */
  record Unknown(String reason) implements Scan {}
}
