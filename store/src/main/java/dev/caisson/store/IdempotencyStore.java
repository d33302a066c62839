package dev.caisson.store;

import dev.caisson.domain.IdempotentRequest;
import dev.caisson.domain.IdempotentRequest.State;
import dev.caisson.domain.KeptReply;
import dev.caisson.domain.OrganizationId;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Requests that came with a key of their own, each run at most once. Safe for use from many threads
 * and processes.
 */
public final class IdempotencyStore {
  private final Database database;

  IdempotencyStore(Database database) {
    this.database = database;
  }

  /**
   * Notes a request before it is run, unless its key has been used.
   *
   * @param owner the process that runs it
   * @param since keys that were used before this time count as unused
   * @return the request that the key was used for, and who runs or ran it; empty when this one is
   *     to be run
   */
  public Optional<Found> begin(
      OrganizationId organization,
      String key,
      String requestId,
      String request,
      String owner,
      Instant now,
      Instant since) {
    return database.write(handle -> {
      boolean begun =
          handle
              .createQuery(
                  """
                  INSERT INTO idempotent_requests (
                    organization_id, idempotency_key, request_id, request, body_sha256, owner,
                    state, status, content_type, reply, reply_bytes, begun_at)
                  VALUES (
                    :organization, :key, :requestId, :request, NULL, :owner,
                    'running', 0, '', '', 0, :now)
                  ON CONFLICT (organization_id, idempotency_key) DO UPDATE SET
                    request_id = excluded.request_id, request = excluded.request,
                    body_sha256 = NULL, owner = excluded.owner, state = 'running', status = 0,
                    content_type = '', reply = '', reply_bytes = 0, begun_at = excluded.begun_at
                  WHERE idempotent_requests.begun_at < :since
                  RETURNING request_id
                  """)
              .bind("organization", organization.value())
              .bind("key", key)
              .bind("requestId", requestId)
              .bind("request", request)
              .bind("owner", owner)
              .bind("now", now.toEpochMilli())
              .bind("since", since.toEpochMilli())
              .mapTo(String.class)
              .findOne()
              .isPresent();
      return begun ? Optional.empty() : find(handle, organization, key);
    });
  }

  private static Optional<Found> find(Handle handle, OrganizationId organization, String key) {
    return handle
        .createQuery(
            """
            SELECT * FROM idempotent_requests
            WHERE organization_id = :organization AND idempotency_key = :key
            """)
        .bind("organization", organization.value())
        .bind("key", key)
        .map((row, context) -> found(row))
        .findOne();
  }

  /**
   * Notes that a request is done.
   *
   * @param reply empty when it cannot be said again
   */
  public void complete(
      OrganizationId organization,
      String key,
      String requestId,
      String bodySha256,
      Optional<KeptReply> reply) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                UPDATE idempotent_requests
                SET state = :state, body_sha256 = :sha256, status = :status,
                  content_type = :contentType, reply = :reply, reply_bytes = :bytes
                WHERE organization_id = :organization AND idempotency_key = :key
                  AND request_id = :requestId AND state = 'running'
                """)
            .bind("state", word(reply.isPresent() ? State.KEPT : State.UNKEPT))
            .bind("sha256", bodySha256)
            .bind("status", reply.map(KeptReply::status).orElse(0))
            .bind("contentType", reply.map(KeptReply::contentType).orElse(""))
            .bind("reply", reply.map(KeptReply::text).orElse(""))
            .bind(
                "bytes",
                reply.map(kept -> kept.text().getBytes(StandardCharsets.UTF_8).length).orElse(0))
            .bind("organization", organization.value())
            .bind("key", key)
            .bind("requestId", requestId)
            .execute());
  }

  /** Forgets a request that changed nothing: its key may be used again. */
  public void forget(OrganizationId organization, String key, String requestId) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                DELETE FROM idempotent_requests
                WHERE organization_id = :organization AND idempotency_key = :key
                  AND request_id = :requestId AND state = 'running'
                """)
            .bind("organization", organization.value())
            .bind("key", key)
            .bind("requestId", requestId)
            .execute());
  }

  /** Forgets the requests that began before that time. */
  public void forgetBefore(Instant time) {
    boolean any =
        database.read(handle ->
            handle
                .createQuery("SELECT 1 FROM idempotent_requests WHERE begun_at < :time LIMIT 1")
                .bind("time", time.toEpochMilli())
                .mapTo(Long.class)
                .findOne()
                .isPresent());
    if (any) {
      database.change(handle ->
          handle
              .createUpdate("DELETE FROM idempotent_requests WHERE begun_at < :time")
              .bind("time", time.toEpochMilli())
              .execute());
    }
  }

  /** What each organization has here. */
  public Map<OrganizationId, Extent> extents() {
    return database.read(handle -> {
      Map<OrganizationId, Extent> extents = new HashMap<>();
      handle
          .createQuery(
              """
              SELECT organization_id, COUNT(*) AS requests, SUM(reply_bytes) AS bytes
              FROM idempotent_requests GROUP BY organization_id
              """)
          .map((row, context) ->
              Map.entry(
                  new OrganizationId(row.getString("organization_id")),
                  new Extent(row.getLong("requests"), row.getLong("bytes"))))
          .forEach(entry -> extents.put(entry.getKey(), entry.getValue()));
      return extents;
    });
  }

  private static Found found(ResultSet row) throws SQLException {
    State state = State.valueOf(row.getString("state").toUpperCase(Locale.ROOT));
    return new Found(
        new IdempotentRequest(
            row.getString("request_id"),
            row.getString("request"),
            Optional.ofNullable(row.getString("body_sha256")),
            state,
            state == State.KEPT
                ? Optional.of(
                    new KeptReply(
                        row.getInt("status"),
                        row.getString("content_type"),
                        row.getString("reply")))
                : Optional.empty(),
            Columns.instant(row, "begun_at")),
        row.getString("owner"));
  }

  private static String word(State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  /**
   * A request that is known.
   *
   * @param owner the process that ran it, or runs it
   */
  public record Found(IdempotentRequest request, String owner) {}

  /** How much there is. */
  public record Extent(long requests, long replyBytes) {
    public static final Extent NONE = new Extent(0, 0);
  }
}
