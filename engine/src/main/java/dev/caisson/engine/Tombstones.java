package dev.caisson.engine;

import dev.caisson.domain.ChangedFile;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Tombstone;
import dev.caisson.store.CellStore;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.FileMark;
import dev.caisson.store.WorkspaceFileStore;
import java.util.List;

/** Gathers what is remembered of containers that have ended. Safe for use from many threads. */
final class Tombstones {
  /** A reply is to be read, and a workspace may have held twenty thousand. */
  private static final int MAX_LISTED = 1000;

  private final CellStore cells;
  private final WorkspaceFileStore files;
  private final LedgerReports reports;

  Tombstones(CellStore cells, WorkspaceFileStore files, LedgerReports reports) {
    this.cells = cells;
    this.files = files;
    this.reports = reports;
  }

  Tombstone of(ContainerRow row) {
    return new Tombstone(
        cells.last(row.id()),
        row.peaks().memoryBytes(),
        row.peaks().diskBytes(),
        reports.costOf(row.id()),
        held(row.id()));
  }

  private Tombstone.Held held(ContainerId id) {
    List<ChangedFile> listed = files.list(id, MAX_LISTED).stream().map(Tombstones::file).toList();
    long count = listed.size() < MAX_LISTED ? listed.size() : files.count(id);
    return new Tombstone.Held(listed, count - listed.size(), !files.complete(id));
  }

  private static ChangedFile file(FileMark mark) {
    return new ChangedFile(mark.path(), mark.sizeBytes(), mark.sha256());
  }
}
