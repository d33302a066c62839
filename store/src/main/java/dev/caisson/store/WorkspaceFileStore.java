package dev.caisson.store;

import dev.caisson.domain.CellChanges;
import dev.caisson.domain.CellId;
import dev.caisson.domain.ContainerId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * The files of workspaces, as they were last seen, and what each cell did to them. News of a file
 * that are older than what is known of it change nothing: a write of the API and a scan may
 * overtake each other. Safe for use from many threads.
 */
public final class WorkspaceFileStore {
  private final Database database;

  WorkspaceFileStore(Database database) {
    this.database = database;
  }

  /** What is known of the files of a container, by path. */
  public List<FileMark> list(ContainerId container) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM container_files WHERE container_id = :id ORDER BY path")
            .bind("id", container.value())
            .map(WorkspaceFileStore::mark)
            .list());
  }

  /** The first files of a container, by path. */
  public List<FileMark> list(ContainerId container, int limit) {
    return database.read(handle ->
        handle
            .createQuery(
                "SELECT * FROM container_files WHERE container_id = :id ORDER BY path LIMIT :limit")
            .bind("id", container.value())
            .bind("limit", limit)
            .map(WorkspaceFileStore::mark)
            .list());
  }

  /** How many files of a container are known. */
  public long count(ContainerId container) {
    return database.read(handle ->
        handle
            .createQuery("SELECT COUNT(*) FROM container_files WHERE container_id = :id")
            .bind("id", container.value())
            .mapTo(Long.class)
            .one());
  }

  /** Whether that is every file that there is. */
  public boolean complete(ContainerId container) {
    return database.read(handle ->
        handle
                .createQuery("SELECT files_known FROM containers WHERE id = :id")
                .bind("id", container.value())
                .mapTo(Long.class)
                .findOne()
                .orElse(0L)
            != 0);
  }

  /** Notes files that were written or seen, and others that are gone. */
  public void note(ContainerId container, Collection<FileMark> present, Collection<FileMark> gone) {
    if (!present.isEmpty() || !gone.isEmpty()) {
      database.change(handle -> {
        put(handle, container, present);
        remove(handle, container, gone);
      });
    }
  }

  /** Notes that a file, or a tree with all that was in it, has been deleted. */
  public void noteDeleted(ContainerId container, String path) {
    String below = path + "/";
    database.change(handle ->
        handle
            .createUpdate(
                """
                DELETE FROM container_files
                WHERE container_id = :id
                  AND (path = :path OR SUBSTR(path, 1, :length) = :below)
                """)
            .bind("id", container.value())
            .bind("path", path)
            .bind("below", below)
            .bind("length", below.codePointCount(0, below.length()))
            .execute());
  }

  /** Notes whether all files of a container are known. */
  public void noteComplete(ContainerId container, boolean complete) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                UPDATE containers SET files_known = :complete
                WHERE id = :id AND files_known <> :complete
                """)
            .bind("id", container.value())
            .bind("complete", complete ? 1 : 0)
            .execute());
  }

  /** Keeps what a cell changed, and the first news of files with it, all or nothing. */
  public void record(CellId cell, ContainerId container, Scanned scanned) {
    database.change(handle -> record(handle, cell, container, scanned));
  }

  static void record(Handle handle, CellId cell, ContainerId container, Scanned scanned) {
    CellChanges.Known changes = scanned.changes();
    handle
        .createUpdate(
            """
            INSERT INTO cell_changes (cell_id, files, omitted, incomplete)
            VALUES (:cell, :files, :omitted, :incomplete)
            """)
        .bind("cell", cell.value())
        .bind("files", ChangesText.write(changes))
        .bind("omitted", changes.omitted())
        .bind("incomplete", changes.incomplete().orElse(null))
        .execute();
    put(handle, container, scanned.present());
    remove(handle, container, scanned.gone());
  }

  /** What a cell changed; Unknown where it was not kept. */
  static CellChanges changes(Handle handle, String cell) {
    return handle
        .createQuery("SELECT * FROM cell_changes WHERE cell_id = :cell")
        .bind("cell", cell)
        .map((row, context) -> changes(row))
        .findOne()
        .orElse(CellChanges.UNKNOWN);
  }

  private static CellChanges changes(ResultSet row) throws SQLException {
    return ChangesText.read(
        row.getString("files"),
        row.getLong("omitted"),
        Optional.ofNullable(row.getString("incomplete")));
  }

  private static void put(Handle handle, ContainerId container, Collection<FileMark> files) {
    if (files.isEmpty()) {
      return;
    }
    PreparedBatch batch =
        handle.prepareBatch(
            """
            INSERT INTO container_files (
              container_id, path, size_bytes, sha256, inode, changed_ns)
            VALUES (:id, :path, :size, :sha256, :inode, :changed)
            ON CONFLICT (container_id, path) DO UPDATE
            SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256,
              inode = excluded.inode, changed_ns = excluded.changed_ns
            WHERE excluded.changed_ns >= container_files.changed_ns
            """);
    for (FileMark file : files) {
      batch
          .bind("id", container.value())
          .bind("path", file.path())
          .bind("size", file.sizeBytes())
          .bind("sha256", file.sha256().orElse(null))
          .bind("inode", file.inode())
          .bind("changed", file.changedNanos())
          .add();
    }
    batch.execute();
  }

  private static void remove(Handle handle, ContainerId container, Collection<FileMark> files) {
    if (files.isEmpty()) {
      return;
    }
    PreparedBatch batch =
        handle.prepareBatch(
            """
            DELETE FROM container_files
            WHERE container_id = :id AND path = :path AND changed_ns <= :changed
            """);
    for (FileMark file : files) {
      batch
          .bind("id", container.value())
          .bind("path", file.path())
          .bind("changed", file.changedNanos())
          .add();
    }
    batch.execute();
  }

  private static FileMark mark(ResultSet row, StatementContext context) throws SQLException {
    return new FileMark(
        row.getString("path"),
        row.getLong("size_bytes"),
        Optional.ofNullable(row.getString("sha256")),
        row.getLong("inode"),
        row.getLong("changed_ns"));
  }
}
