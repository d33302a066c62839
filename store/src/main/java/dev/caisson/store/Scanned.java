package dev.caisson.store;

import dev.caisson.domain.CellChanges;
import java.util.List;

/**
 * What the scan after a cell has found.
 *
 * @param present files that it saw in another state than was known, with their new one
 * @param gone files that are no more, as they were known
 */
public record Scanned(CellChanges.Known changes, List<FileMark> present, List<FileMark> gone) {
  /** Copies the lists. */
  public Scanned {
    present = List.copyOf(present);
    gone = List.copyOf(gone);
  }
}
