package dev.caisson.domain;

import java.util.List;
import java.util.Optional;

/** What is known of the files that a cell created, changed and deleted. */
public sealed interface CellChanges {
  CellChanges PENDING = new Pending();
  CellChanges UNKNOWN = new Unknown();

  /**
   * They are known.
   *
   * @param unattributed files that differed from what was known of them and changed before the cell
   *     began: by a cell whose changes were not recorded, or by a thread that a cell left running
   * @param omitted how many more files there were than are listed
   * @param incomplete why not every file was seen; empty when all were
   */
  record Known(
      List<ChangedFile> created,
      List<ChangedFile> modified,
      List<ChangedFile> deleted,
      List<ChangedFile> unattributed,
      long omitted,
      Optional<String> incomplete)
      implements CellChanges {
    public Known {
      created = List.copyOf(created);
      modified = List.copyOf(modified);
      deleted = List.copyOf(deleted);
      unattributed = List.copyOf(unattributed);
    }
  }

  /** They are still being found out. */
  record Pending() implements CellChanges {}

  /** Nobody knows: the sandbox or the server ended before they were found out. */
  record Unknown() implements CellChanges {}
}
