package dev.caisson.store;

import dev.caisson.domain.Batch;
import dev.caisson.domain.BatchClaim;
import dev.caisson.domain.BatchCounts;
import dev.caisson.domain.BatchHeaders;
import dev.caisson.domain.BatchId;
import dev.caisson.domain.BatchItem;
import dev.caisson.domain.BatchOutcome;
import dev.caisson.domain.BatchResult;
import dev.caisson.domain.CursorPage;
import dev.caisson.domain.CursorRequest;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Rows of message batches and their requests. Safe for use from many threads and processes.
 *
 * <p>A batch ends in the transaction that ends its last request, so that no one sees a batch that
 * has ended with a request that has not.
 */
public final class BatchStore {
  private static final String VISIBLE = "maker IS NULL";

  private final Database database;

  BatchStore(Database database) {
    this.database = database;
  }

  /** Begins a batch whose requests are still to come. */
  public void begin(
      OrganizationId organization, KeyId key, Batch batch, BatchHeaders headers, String maker) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                INSERT INTO batches (
                  id, organization_id, key_id, maker, api_version, betas, created_at, expires_at)
                VALUES (:id, :organization, :key, :maker, :version, :betas, :createdAt, :expiresAt)
                """)
            .bind("id", batch.id().value())
            .bind("organization", organization.value())
            .bind("key", key.value())
            .bind("maker", maker)
            .bind("version", headers.version())
            .bind("betas", headers.betas())
            .bind("createdAt", batch.createdAt().toEpochMilli())
            .bind("expiresAt", batch.expiresAt().toEpochMilli())
            .execute());
  }

  /** Adds requests to a batch that has begun. */
  public void add(BatchId batch, long firstPosition, List<BatchItem> items) {
    database.change(handle -> {
      PreparedBatch rows =
          handle.prepareBatch(
              """
              INSERT INTO batch_requests (batch_id, position, custom_id, state, params, result)
              VALUES (:batch, :position, :customId, 'pending', :params, '')
              """);
      for (int i = 0; i < items.size(); i++) {
        rows.bind("batch", batch.value())
            .bind("position", firstPosition + i)
            .bind("customId", items.get(i).customId())
            .bind("params", items.get(i).params())
            .add();
      }
      rows.execute();
    });
  }

  /**
   * The batch has all of its requests: from now on it is seen and run. False when it is not the
   * maker's any more, who was taken for dead.
   */
  public boolean made(BatchId batch, String maker) {
    return database.write(handle ->
        handle
                .createUpdate("UPDATE batches SET maker = NULL WHERE id = :id AND maker = :maker")
                .bind("id", batch.value())
                .bind("maker", maker)
                .execute()
            > 0);
  }

  /** Deletes a batch with its requests, in steps that let others write in between. */
  public void delete(BatchId batch) {
    boolean more = true;
    while (more) {
      more =
          database.write(handle ->
              handle
                      .createUpdate(
                          """
                          DELETE FROM batch_requests WHERE batch_id = :id AND position IN (
                            SELECT position FROM batch_requests WHERE batch_id = :id LIMIT 1000)
                          """)
                      .bind("id", batch.value())
                      .execute()
                  > 0);
    }
    database.change(handle ->
        handle
            .createUpdate("DELETE FROM batches WHERE id = :id")
            .bind("id", batch.value())
            .execute());
  }

  public Optional<Batch> find(OrganizationId organization, BatchId id) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM batches
                WHERE id = :id AND organization_id = :organization AND maker IS NULL
                """)
            .bind("id", id.value())
            .bind("organization", organization.value())
            .map((row, context) -> batch(handle, row))
            .findOne());
  }

  /** Newest first. */
  public CursorPage<Batch> list(OrganizationId organization, CursorRequest request) {
    return database.read(handle ->
        Cursor.page(
            handle,
            "batches",
            VISIBLE,
            organization,
            request,
            (row, context) -> batch(handle, row)));
  }

  /**
   * Takes the next request to run: of the batch of which the fewest run now, so that a large batch
   * does not hold up the others.
   */
  public Optional<BatchClaim> claim(String runner) {
    Optional<String> batch =
        database.read(handle ->
            handle
                .createQuery(
                    """
                    SELECT b.id FROM batches b
                    WHERE b.ended_at IS NULL AND b.maker IS NULL AND EXISTS (
                      SELECT 1 FROM batch_requests r WHERE r.batch_id = b.id AND r.state = 'pending')
                    ORDER BY (
                      SELECT COUNT(*) FROM batch_requests r
                      WHERE r.batch_id = b.id AND r.state = 'running'), b.seq
                    LIMIT 1
                    """)
                .mapTo(String.class)
                .findOne());
    return batch.isEmpty()
        ? Optional.empty()
        : database.write(handle -> claim(handle, batch.get(), runner));
  }

  private static Optional<BatchClaim> claim(Handle handle, String batch, String runner) {
    return handle
        .createQuery(
            """
            UPDATE batch_requests SET state = 'running', runner = :runner
            WHERE batch_id = :batch AND state = 'pending' AND position = (
              SELECT MIN(position) FROM batch_requests
              WHERE batch_id = :batch AND state = 'pending')
            RETURNING position, custom_id, params
            """)
        .bind("runner", runner)
        .bind("batch", batch)
        .map((row, context) -> claimed(handle, batch, row))
        .findOne();
  }

  private static BatchClaim claimed(Handle handle, String batch, ResultSet row)
      throws SQLException {
    long position = row.getLong("position");
    BatchItem item = new BatchItem(row.getString("custom_id"), row.getString("params"));
    return handle
        .createQuery(
            "SELECT organization_id, key_id, api_version, betas FROM batches WHERE id = :id")
        .bind("id", batch)
        .map((of, context) ->
            new BatchClaim(
                new BatchId(batch),
                new OrganizationId(of.getString("organization_id")),
                Optional.ofNullable(of.getString("key_id")).map(KeyId::new),
                new BatchHeaders(of.getString("api_version"), of.getString("betas")),
                position,
                item))
        .one();
  }

  /** Ends a request that this runner holds. */
  public void complete(
      BatchClaim claim, String runner, BatchOutcome outcome, String result, Instant now) {
    database.change(handle -> {
      handle
          .createUpdate(
              """
              UPDATE batch_requests
              SET state = :state, runner = NULL, result = :result, params = ''
              WHERE batch_id = :batch AND position = :position AND runner = :runner
              """)
          .bind("state", outcome.wireName())
          .bind("result", result)
          .bind("batch", claim.batch().value())
          .bind("position", claim.position())
          .bind("runner", runner)
          .execute();
      endIfDone(handle, claim.batch().value(), now);
    });
  }

  /** Asks a batch to stop: what has not begun is canceled at once. */
  public void cancel(BatchId batch, Instant now) {
    database.change(handle -> {
      handle
          .createUpdate(
              """
              UPDATE batches SET cancel_initiated_at = :now
              WHERE id = :id AND ended_at IS NULL AND cancel_initiated_at IS NULL
              """)
          .bind("now", now.toEpochMilli())
          .bind("id", batch.value())
          .execute();
      giveUpPending(handle, batch.value(), BatchOutcome.CANCELED, now);
    });
  }

  /** Batches that are open past their time. */
  public List<BatchId> expired(Instant now) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT id FROM batches
                WHERE ended_at IS NULL AND maker IS NULL AND expires_at <= :now
                """)
            .bind("now", now.toEpochMilli())
            .mapTo(String.class)
            .map(BatchId::new)
            .list());
  }

  /** What has not begun of a batch will not run any more. */
  public void expire(BatchId batch, Instant now) {
    database.change(handle -> giveUpPending(handle, batch.value(), BatchOutcome.EXPIRED, now));
  }

  private static void giveUpPending(
      Handle handle, String batch, BatchOutcome outcome, Instant now) {
    handle
        .createUpdate(
            """
            UPDATE batch_requests SET state = :state, params = ''
            WHERE batch_id = :batch AND state = 'pending'
            """)
        .bind("state", outcome.wireName())
        .bind("batch", batch)
        .execute();
    endIfDone(handle, batch, now);
  }

  private static void endIfDone(Handle handle, String batch, Instant now) {
    handle
        .createUpdate(
            """
            UPDATE batches SET ended_at = :now
            WHERE id = :batch AND ended_at IS NULL AND NOT EXISTS (
              SELECT 1 FROM batch_requests
              WHERE batch_id = :batch AND state IN ('pending', 'running'))
            """)
        .bind("now", now.toEpochMilli())
        .bind("batch", batch)
        .execute();
  }

  /**
   * Ends what dead processes held: a request that had begun is errored with that result and never
   * run again, a batch whose requests never all came is deleted.
   */
  public void settle(Owners owners, String result, Instant now) {
    for (String runner :
        holders("SELECT DISTINCT runner FROM batch_requests WHERE runner IS NOT NULL")) {
      if (!owners.alive(runner)) {
        database.change(handle -> lose(handle, runner, result, now));
      }
    }
    for (String maker : holders("SELECT DISTINCT maker FROM batches WHERE maker IS NOT NULL")) {
      if (!owners.alive(maker)) {
        halfMade(maker).forEach(this::delete);
      }
    }
  }

  private List<String> holders(String query) {
    return database.read(handle -> handle.createQuery(query).mapTo(String.class).list());
  }

  private List<BatchId> halfMade(String maker) {
    return database.read(handle ->
        handle
            .createQuery("SELECT id FROM batches WHERE maker = :maker")
            .bind("maker", maker)
            .mapTo(String.class)
            .map(BatchId::new)
            .list());
  }

  private static void lose(Handle handle, String runner, String result, Instant now) {
    handle
        .createQuery(
            """
            UPDATE batch_requests
            SET state = 'errored', runner = NULL, result = :result, params = ''
            WHERE runner = :runner
            RETURNING batch_id
            """)
        .bind("result", result)
        .bind("runner", runner)
        .mapTo(String.class)
        .set()
        .forEach(batch -> endIfDone(handle, batch, now));
  }

  /** Ended batches made before that time that still have their results. */
  public List<BatchId> kept(Instant madeBefore) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT id FROM batches
                WHERE archived_at IS NULL AND ended_at IS NOT NULL AND created_at < :before
                """)
            .bind("before", madeBefore.toEpochMilli())
            .mapTo(String.class)
            .map(BatchId::new)
            .list());
  }

  /** Forgets the results of a batch; what it counted stays. */
  public void archive(BatchId batch, Instant now) {
    database.change(handle -> {
      handle
          .createUpdate("UPDATE batches SET archived_at = :now WHERE id = :id")
          .bind("now", now.toEpochMilli())
          .bind("id", batch.value())
          .execute();
      handle
          .createUpdate("UPDATE batch_requests SET result = '' WHERE batch_id = :id")
          .bind("id", batch.value())
          .execute();
    });
  }

  /** The results that follow a position, in order. */
  public List<BatchResult> results(BatchId batch, long afterPosition, int limit) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT position, custom_id, state, result FROM batch_requests
                WHERE batch_id = :batch AND position > :after
                ORDER BY position LIMIT :limit
                """)
            .bind("batch", batch.value())
            .bind("after", afterPosition)
            .bind("limit", limit)
            .map((row, context) ->
                new BatchResult(
                    row.getLong("position"),
                    row.getString("custom_id"),
                    BatchOutcome.valueOf(row.getString("state").toUpperCase(Locale.ROOT)),
                    row.getString("result")))
            .list());
  }

  private static Batch batch(Handle handle, ResultSet row) throws SQLException {
    BatchId id = new BatchId(row.getString("id"));
    return new Batch(
        id,
        counts(handle, id),
        Columns.instant(row, "created_at"),
        Columns.instant(row, "expires_at"),
        Columns.optionalInstant(row, "ended_at"),
        Columns.optionalInstant(row, "cancel_initiated_at"),
        Columns.optionalInstant(row, "archived_at"));
  }

  private static BatchCounts counts(Handle handle, BatchId batch) {
    Map<String, Long> counts = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT state, COUNT(*) AS number FROM batch_requests
            WHERE batch_id = :batch GROUP BY state
            """)
        .bind("batch", batch.value())
        .map((row, context) -> Map.entry(row.getString("state"), row.getLong("number")))
        .forEach(entry -> counts.put(entry.getKey(), entry.getValue()));
    return new BatchCounts(
        counts.getOrDefault("pending", 0L) + counts.getOrDefault("running", 0L),
        counts.getOrDefault("succeeded", 0L),
        counts.getOrDefault("errored", 0L),
        counts.getOrDefault("canceled", 0L),
        counts.getOrDefault("expired", 0L));
  }
}
