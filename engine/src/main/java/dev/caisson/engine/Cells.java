package dev.caisson.engine;

import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;

/**
 * Runs cells, one at a time for each container, in order of arrival. Safe for use from many
 * threads.
 */
public final class Cells {

  /**
   * Runs a cell and keeps its record before it returns. Interrupting the thread cancels the cell.
   * Throws Busy when too many cells wait.
   */
  public Cell run(
      OrganizationId organization, ContainerId container, CellSpec spec, OutputListener listener) {
    throw new UnsupportedOperationException();
  }

  /** A cell that has run. */
  public Cell get(OrganizationId organization, ContainerId container, CellId id) {
    throw new UnsupportedOperationException();
  }

  /** Newest first. */
  public Page<Cell> list(OrganizationId organization, ContainerId container, PageRequest page) {
    throw new UnsupportedOperationException();
  }
}
