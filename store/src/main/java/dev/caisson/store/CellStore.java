package dev.caisson.store;

import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Language;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputFile;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.Tombstone;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/**
 * What cells did. A cell has a row from its start on, so that one whose server died is not
 * forgotten; until it ends nobody is shown it. Safe for use from many threads.
 */
public final class CellStore {
  private static final String LIST = "cells";

  private final Database database;

  CellStore(Database database) {
    this.database = database;
  }

  /**
   * Notes that a cell starts, and that its container is in use.
   *
   * @param program what runs
   * @param reference by which the caller finds the cell again
   * @param ledger what is noted of its request with it
   * @return false, with nothing noted, when the container has ended or the term is over
   */
  public boolean begin(
      ContainerId container,
      long epoch,
      JournalEntry.Ran program,
      Instant startedAt,
      Optional<String> reference,
      LedgerChange ledger) {
    return database.write(handle -> {
      if (!ContainerStore.warm(handle, container, epoch, startedAt)) {
        return false;
      }
      LedgerWriter.apply(handle, ledger);
      handle
          .createUpdate(
              """
              INSERT INTO cells (
                id, container_id, epoch, language, status, reason, return_code, limit_us,
                interpreter_lost, stdout, stdout_dropped, stderr, stderr_dropped, started_at,
                wall_us, cpu_us, reference)
              VALUES (
                :id, :container, :epoch, :language, 'running', NULL, -1, 0,
                0, '', 0, '', 0, :startedAt,
                0, 0, :reference)
              """)
          .bind("id", program.cell().value())
          .bind("container", container.value())
          .bind("epoch", epoch)
          .bind("language", program.language().wireName())
          .bind("startedAt", startedAt.toEpochMilli())
          .bind("reference", reference.orElse(null))
          .execute();
      JournalStore.add(handle, container, program, startedAt);
      return true;
    });
  }

  /**
   * Completes the row of a cell and inserts the files it made, all or nothing.
   *
   * @param files one for each output of the cell
   * @param reservations of the files' content, which end here
   * @param ledger what becomes of its request with it
   * @param scanned what it changed, as far as that is known by now
   * @return false, with nothing changed, when the term in which the cell began is over
   */
  public boolean complete(
      Cell cell,
      OrganizationId organization,
      List<StoredFile> files,
      List<String> reservations,
      LedgerChange ledger,
      Optional<Scanned> scanned) {
    return database.write(handle -> {
      if (!update(handle, cell)) {
        return false;
      }
      scanned.ifPresent(
          found -> WorkspaceFileStore.record(handle, cell.id(), cell.containerId(), found));
      ContainerStore.cool(handle, cell.containerId());
      LedgerWriter.apply(handle, ledger);
      if (files.isEmpty()) {
        return true;
      }
      for (StoredFile file : files) {
        FileStore.insert(handle, organization, file);
      }
      for (String reservation : reservations) {
        FileStore.redeem(handle, reservation);
      }
      insertOutputs(handle, cell);
      return true;
    });
  }

  private static boolean update(Handle handle, Cell cell) {
    CellOutcome outcome = cell.outcome();
    return handle
            .createUpdate(
                """
                UPDATE cells SET
                  status = :status, reason = :reason, return_code = :returnCode, limit_us = :limit,
                  interpreter_lost = :interpreterLost, stdout = :stdout, stdout_dropped =
                  :stdoutDropped, stderr = :stderr, stderr_dropped = :stderrDropped, wall_us = :wall,
                  cpu_us = :cpu
                WHERE id = :id AND status = 'running' AND epoch = (
                  SELECT epoch FROM containers WHERE containers.id = cells.container_id)
                """)
            .bind("id", cell.id().value())
            .bind("status", outcome.status())
            .bind("reason", reason(outcome))
            .bind("returnCode", outcome.returnCode())
            .bind("limit", outcome instanceof CellOutcome.TimedOut late ? micros(late.limit()) : 0)
            .bind("interpreterLost", interpreterLost(outcome) ? 1 : 0)
            .bind("stdout", Columns.bytes(cell.stdout().text()))
            .bind("stdoutDropped", cell.stdout().droppedBytes())
            .bind("stderr", Columns.bytes(cell.stderr().text()))
            .bind("stderrDropped", cell.stderr().droppedBytes())
            .bind("wall", micros(cell.wall()))
            .bind("cpu", micros(cell.cpu()))
            .execute()
        > 0;
  }

  private static void insertOutputs(Handle handle, Cell cell) {
    PreparedBatch batch =
        handle.prepareBatch(
            """
            INSERT INTO cell_outputs (cell_id, position, file_id, filename, size_bytes, sha256)
            VALUES (:cell, :position, :file, :filename, :size, :sha256)
            """);
    for (int i = 0; i < cell.outputs().size(); i++) {
      OutputFile output = cell.outputs().get(i);
      batch
          .bind("cell", cell.id().value())
          .bind("position", i)
          .bind("file", output.fileId().value())
          .bind("filename", output.filename())
          .bind("size", output.sizeBytes())
          .bind("sha256", output.sha256())
          .add();
    }
    batch.execute();
  }

  /** A cell of the container that has ended. */
  public Optional<Cell> find(ContainerId container, CellId id) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM cells
                WHERE id = :id AND container_id = :container AND status <> 'running'
                """)
            .bind("id", id.value())
            .bind("container", container.value())
            .map((row, context) -> row(handle, row))
            .findOne());
  }

  /** A cell that has ended, whatever its container. */
  public Optional<Cell> find(CellId id) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM cells WHERE id = :id AND status <> 'running'")
            .bind("id", id.value())
            .map((row, context) -> row(handle, row))
            .findOne());
  }

  /** The newest cell of the container with that reference, if it has ended. */
  public Optional<Cell> find(ContainerId container, String reference) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM cells
                WHERE container_id = :container AND reference = :reference
                ORDER BY seq DESC LIMIT 1
                """)
            .bind("container", container.value())
            .bind("reference", reference)
            .map((row, context) -> ended(handle, row))
            .findOne()
            .flatMap(cell -> cell));
  }

  /** The last cell of the container, as a tombstone shows it. */
  public Optional<Tombstone.LastCell> last(ContainerId container) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM cells WHERE container_id = :container AND status <> 'running'
                ORDER BY seq DESC LIMIT 1
                """)
            .bind("container", container.value())
            .map((row, context) ->
                new Tombstone.LastCell(
                    new CellId(row.getString("id")),
                    outcome(row),
                    Columns.instant(row, "started_at")))
            .findOne());
  }

  private static Optional<Cell> ended(Handle handle, ResultSet row) throws SQLException {
    return row.getString("status").equals("running")
        ? Optional.empty()
        : Optional.of(row(handle, row));
  }

  /** Cells of the container that have ended, newest first. */
  public Page<Cell> list(ContainerId container, PageRequest request) {
    List<Numbered> rows =
        database.read(handle ->
            handle
                .createQuery(
                    """
                    SELECT * FROM cells
                    WHERE container_id = :container AND seq < :before AND status <> 'running'
                    ORDER BY seq DESC LIMIT :limit
                    """)
                .bind("container", container.value())
                .bind("before", PageToken.before(LIST, request))
                .bind("limit", request.limit() + 1)
                .map((row, context) -> new Numbered(row.getLong("seq"), row(handle, row)))
                .list());
    return PageToken.page(LIST, request, rows, Numbered::seq, Numbered::cell);
  }

  /** Marks cells of that term and of earlier ones that nobody is running any more. */
  public void lose(ContainerId container, long epoch, String reason) {
    database.change(handle -> lose(handle, container, epoch, reason));
  }

  static void lose(Handle handle, ContainerId container, long epoch, String reason) {
    handle
        .createUpdate(
            """
            UPDATE cells SET status = 'lost', reason = :reason
            WHERE container_id = :container AND status = 'running' AND epoch <= :epoch
            """)
        .bind("reason", reason)
        .bind("epoch", epoch)
        .bind("container", container.value())
        .execute();
    ContainerStore.cool(handle, container);
  }

  private static List<OutputFile> outputs(Handle handle, String cell) {
    return handle
        .createQuery("SELECT * FROM cell_outputs WHERE cell_id = :cell ORDER BY position")
        .bind("cell", cell)
        .map(CellStore::output)
        .list();
  }

  private static OutputFile output(ResultSet row, StatementContext context) throws SQLException {
    return new OutputFile(
        new FileId(row.getString("file_id")),
        row.getString("filename"),
        row.getLong("size_bytes"),
        row.getString("sha256"));
  }

  private static Cell row(Handle handle, ResultSet row) throws SQLException {
    String id = row.getString("id");
    return new Cell(
        new CellId(id),
        new ContainerId(row.getString("container_id")),
        Language.parse(row.getString("language")),
        outcome(row),
        new CapturedOutput(Columns.text(row, "stdout"), row.getLong("stdout_dropped")),
        new CapturedOutput(Columns.text(row, "stderr"), row.getLong("stderr_dropped")),
        Columns.instant(row, "started_at"),
        duration(row.getLong("wall_us")),
        duration(row.getLong("cpu_us")),
        outputs(handle, id),
        WorkspaceFileStore.changes(handle, id));
  }

  private static CellOutcome outcome(ResultSet row) throws SQLException {
    boolean interpreterLost = row.getLong("interpreter_lost") != 0;
    String status = row.getString("status");
    return switch (status) {
      case "completed" -> new CellOutcome.Completed(row.getInt("return_code"));
      case "timed_out" ->
          new CellOutcome.TimedOut(duration(row.getLong("limit_us")), interpreterLost);
      case "killed" -> new CellOutcome.Killed(row.getString("reason"), interpreterLost);
      case "lost" -> new CellOutcome.Lost(row.getString("reason"));
      default -> throw new SQLException("cell with status '" + status + "'");
    };
  }

  private static @Nullable String reason(CellOutcome outcome) {
    return switch (outcome) {
      case CellOutcome.Completed completed -> null;
      case CellOutcome.TimedOut timedOut -> null;
      case CellOutcome.Killed killed -> killed.reason();
      case CellOutcome.Lost lost -> lost.reason();
    };
  }

  private static boolean interpreterLost(CellOutcome outcome) {
    return switch (outcome) {
      case CellOutcome.Completed completed -> false;
      case CellOutcome.TimedOut timedOut -> timedOut.interpreterLost();
      case CellOutcome.Killed killed -> killed.interpreterLost();
      case CellOutcome.Lost lost -> true;
    };
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1000;
  }

  private static Duration duration(long micros) {
    return Duration.ofNanos(micros * 1000);
  }

  private record Numbered(long seq, Cell cell) {}
}
