package dev.caisson.store;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Release;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Containers and who owns them. Ownership changes by one conditional statement, and whoever acts as
 * the owner names the epoch of its term. Safe for use from many threads and processes.
 */
public final class ContainerStore {
  private static final String LIST = "containers";

  private static final String SELECT =
      """
      SELECT c.*, EXISTS (
        SELECT 1 FROM cells r WHERE r.container_id = c.id AND r.status = 'running') AS cell_running
      FROM containers c
      """;

  /** What hangs on a container, and last the row itself. */
  private static final List<String> FORGET =
      List.of(
          "DELETE FROM mounts WHERE container_id = :id",
          "DELETE FROM skill_mounts WHERE container_id = :id",
          """
          DELETE FROM cell_outputs
          WHERE cell_id IN (SELECT id FROM cells WHERE container_id = :id)
          """,
          """
          DELETE FROM cell_changes
          WHERE cell_id IN (SELECT id FROM cells WHERE container_id = :id)
          """,
          "DELETE FROM container_files WHERE container_id = :id",
          "DELETE FROM cells WHERE container_id = :id",
          "DELETE FROM containers WHERE id = :id");

  private final Database database;

  ContainerStore(Database database) {
    this.database = database;
  }

  /** Inserts a container whatever its organization has. */
  public void insert(ContainerRow row) {
    insert(row, Long.MAX_VALUE);
  }

  /**
   * Inserts a container unless its organization has as many as it may have.
   *
   * @param most that may live, this one included
   * @return whether it was inserted
   */
  public boolean insert(ContainerRow row, long most) {
    return database.write(handle -> {
      OrganizationStore.lock(handle, row.organizationId());
      if (alive(handle, row.organizationId()) >= most) {
        return false;
      }
      insert(handle, row);
      return true;
    });
  }

  /** Containers of an organization that live, those that are still being made included. */
  public long alive(OrganizationId organization) {
    return database.read(handle -> alive(handle, organization));
  }

  private static long alive(Handle handle, OrganizationId organization) {
    return handle
        .createQuery(
            """
            SELECT (
              SELECT COUNT(*) FROM containers
              WHERE organization_id = :organization AND ended_reason IS NULL) + (
              SELECT COUNT(*) FROM containers
              WHERE organization_id = :organization AND owner IS NOT NULL
                AND ended_reason = 'unmade')
            """)
        .bind("organization", organization.value())
        .mapTo(Long.class)
        .one();
  }

  /** How many of all organizations are in which state; only those that live. */
  public Map<ContainerStatus, Long> states() {
    return database.read(handle -> {
      Map<ContainerStatus, Long> states = new EnumMap<>(ContainerStatus.class);
      handle
          .createQuery(
              """
              SELECT state, COUNT(*) AS n FROM containers WHERE ended_reason IS NULL GROUP BY state
              """)
          .map((row, context) ->
              Map.entry(ContainerStatus.parse(row.getString("state")), row.getLong("n")))
          .forEach(entry -> states.put(entry.getKey(), entry.getValue()));
      return states;
    });
  }

  /** When the first of an organization's living containers expires. */
  public Optional<Instant> firstExpiry(OrganizationId organization) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT expires_at FROM containers
                WHERE organization_id = :organization AND ended_reason IS NULL
                ORDER BY expires_at LIMIT 1
                """)
            .bind("organization", organization.value())
            .mapTo(Long.class)
            .findOne()
            .map(Instant::ofEpochMilli));
  }

  private static void insert(Handle handle, ContainerRow row) {
    handle
        .createUpdate(
            """
            INSERT INTO containers (
              id, organization_id, image, labels, created_at, expires_at, last_active_at,
              disk_bytes, owner, epoch, ended_reason, ended_at, state,
              files_known)
            VALUES (
              :id, :organization, :image, :labels, :createdAt, :expiresAt, :lastActiveAt,
              :diskBytes, :owner, :epoch, :endedReason, :endedAt, :state, 1)
            """)
        .bind("id", row.id().value())
        .bind("organization", row.organizationId().value())
        .bind("image", row.image())
        .bind("labels", Json.writeStrings(row.labels()))
        .bind("createdAt", row.createdAt().toEpochMilli())
        .bind("expiresAt", row.expiresAt().toEpochMilli())
        .bind("lastActiveAt", row.lastActiveAt().toEpochMilli())
        .bind("diskBytes", row.diskBytes())
        .bind("owner", row.owner().orElse(null))
        .bind("epoch", row.epoch())
        .bind("endedReason", row.ended().map(Ending::reason).orElse(null))
        .bind("endedAt", Columns.millis(row.ended().map(Ending::at)))
        .bind("state", row.state().wireName())
        .execute();
  }

  public Optional<ContainerRow> find(ContainerId id) {
    return database.read(handle ->
        handle
            .createQuery(SELECT + "WHERE c.id = :id")
            .bind("id", id.value())
            .map(ContainerStore::row)
            .findOne());
  }

  /**
   * A container of the organization. One of another is left unread, so that it takes no other time
   * than one that never was.
   */
  public Optional<ContainerRow> find(OrganizationId organization, ContainerId id) {
    return database.read(handle ->
        handle
            .createQuery(SELECT + "WHERE c.id = :id AND c.organization_id = :organization")
            .bind("id", id.value())
            .bind("organization", organization.value())
            .map(ContainerStore::row)
            .findOne());
  }

  /** What an organization sees, newest first: living and expired ones. */
  public Page<ContainerRow> list(OrganizationId organization, PageRequest request) {
    List<Numbered> rows =
        database.read(handle ->
            handle
                .createQuery(
                    SELECT
                        + """
                        WHERE c.organization_id = :organization AND c.seq < :before
                          AND (c.ended_reason IS NULL OR c.ended_reason = 'expired')
                        ORDER BY c.seq DESC LIMIT :limit
                        """)
                .bind("organization", organization.value())
                .bind("before", PageToken.before(LIST, request))
                .bind("limit", request.limit() + 1)
                .map((row, context) -> new Numbered(row.getLong("seq"), row(row, context)))
                .list());
    return PageToken.page(LIST, request, rows, Numbered::seq, Numbered::row);
  }

  /**
   * Takes a container from nobody or from one particular owner, who is dead. What the earlier owner
   * left is settled in the same transaction: cells that ran are lost, the sandbox is given up.
   *
   * @param from the owner that was seen; empty for nobody
   * @param epoch that was seen
   * @param lost why and when what the earlier owner held was lost
   * @return the new term; empty when the row has changed since it was seen
   */
  public OptionalLong claim(
      ContainerId id, Optional<String> from, long epoch, String owner, Release lost) {
    return database.write(handle -> {
      if (from.isPresent()) {
        giveUp(handle, id, epoch, from.get(), lost);
      }
      Optional<Long> term =
          handle
              .createQuery(
                  """
                  UPDATE containers SET owner = :owner, epoch = epoch + 1,
                    state = CASE WHEN state IN (<before>) THEN 'idle' ELSE state END
                  WHERE id = :id AND epoch = :epoch AND COALESCE(owner, '') = :from
                  RETURNING epoch
                  """)
              .bind("owner", owner)
              .bind("id", id.value())
              .bind("epoch", epoch)
              .bind("from", from.orElse(""))
              .bindList("before", before(ContainerStatus.IDLE))
              .mapTo(Long.class)
              .findOne();
      if (term.isEmpty()) {
        return OptionalLong.empty();
      }
      CellStore.lose(handle, id, epoch, lost.reason());
      return OptionalLong.of(term.get());
    });
  }

  /** Writes down how the sandbox of a dead owner ended. */
  private static void giveUp(
      Handle handle, ContainerId id, long epoch, String owner, Release lost) {
    handle
        .createUpdate(
            """
            UPDATE containers
            SET state = 'released', release_reason = :reason, released_at = :at
            WHERE id = :id AND epoch = :epoch AND owner = :owner AND state IN (<before>)
            """)
        .bind("reason", lost.reason())
        .bind("at", lost.at().toEpochMilli())
        .bind("id", id.value())
        .bind("epoch", epoch)
        .bind("owner", owner)
        .bindList("before", before(ContainerStatus.RELEASED))
        .execute();
  }

  /** The words of the states from which the arrows lead to that one. */
  private static List<String> before(ContainerStatus status) {
    return status.previous().stream().map(ContainerStatus::wireName).sorted().toList();
  }

  /** Gives a container back: nobody owns it then. Nothing happens when the term is over. */
  public void release(ContainerId id, long epoch, Term term) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                UPDATE containers
                SET owner = NULL, last_active_at = :lastActiveAt,
                  state = CASE WHEN state IN (<before>) THEN 'released' ELSE state END,
                  release_reason = COALESCE(:reason, release_reason),
                  released_at = COALESCE(:releasedAt, released_at),
                  disk_bytes = COALESCE(:diskBytes, disk_bytes),
                  peak_disk_bytes = CASE
                    WHEN :diskBytes > peak_disk_bytes THEN :diskBytes ELSE peak_disk_bytes END,
                  peak_memory_bytes = CASE
                    WHEN :memory > peak_memory_bytes THEN :memory ELSE peak_memory_bytes END
                WHERE id = :id AND epoch = :epoch
                """)
            .bind("lastActiveAt", term.lastActiveAt().toEpochMilli())
            .bindList("before", before(ContainerStatus.RELEASED))
            .bind("reason", term.release().map(Release::reason).orElse(null))
            .bind("releasedAt", Columns.millis(term.release().map(Release::at)))
            .bind("diskBytes", term.diskBytes().orElse(null))
            .bind("memory", term.peakMemoryBytes())
            .bind("id", id.value())
            .bind("epoch", epoch)
            .execute());
  }

  /** Writes down that a sandbox ended by itself; the owner keeps the container. */
  public void died(ContainerId id, long epoch, Release release, long peakMemoryBytes) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                UPDATE containers
                SET release_reason = :reason, released_at = :at,
                  peak_memory_bytes = CASE
                    WHEN :memory > peak_memory_bytes THEN :memory ELSE peak_memory_bytes END
                WHERE id = :id AND epoch = :epoch
                """)
            .bind("reason", release.reason())
            .bind("at", release.at().toEpochMilli())
            .bind("memory", peakMemoryBytes)
            .bind("id", id.value())
            .bind("epoch", epoch)
            .execute());
  }

  /** Remembers a measured size. */
  public void measured(ContainerId id, long epoch, long diskBytes) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                UPDATE containers
                SET disk_bytes = :size,
                  peak_disk_bytes = CASE
                    WHEN :size > peak_disk_bytes THEN :size ELSE peak_disk_bytes END
                WHERE id = :id AND epoch = :epoch
                """)
            .bind("size", diskBytes)
            .bind("id", id.value())
            .bind("epoch", epoch)
            .execute());
  }

  /** Makes a container whose files are mounted visible; false when the term is over. */
  public boolean made(ContainerId id, long epoch) {
    return database.write(handle ->
        handle
                .createUpdate(
                    """
                    UPDATE containers SET ended_reason = NULL, ended_at = NULL
                    WHERE id = :id AND epoch = :epoch AND ended_reason = 'unmade'
                    """)
                .bind("id", id.value())
                .bind("epoch", epoch)
                .execute()
            > 0);
  }

  /** Forgets a container that nobody has seen. */
  public void forget(ContainerId id) {
    database.change(handle -> {
      if (unmade(handle, id)) {
        forget(handle, id.value());
      }
    });
  }

  private static boolean unmade(Handle handle, ContainerId id) {
    return handle
        .createQuery("SELECT 1 FROM containers WHERE id = :id AND ended_reason = 'unmade'")
        .bind("id", id.value())
        .mapTo(Long.class)
        .findOne()
        .isPresent();
  }

  /**
   * Makes a container a tombstone; an expired one may still be deleted. False when the term is over
   * or the arrows of {@link ContainerStatus} do not lead there.
   *
   * @param to {@code EXPIRED} or {@code DELETED}
   */
  public boolean end(ContainerId id, long epoch, ContainerStatus to, Instant at) {
    return database.write(handle -> {
      boolean ended =
          handle
                  .createUpdate(
                      """
                      UPDATE containers SET state = :to, ended_reason = :to, ended_at = :at
                      WHERE id = :id AND epoch = :epoch AND state IN (<before>)
                        AND COALESCE(ended_reason, '') <> 'unmade'
                      """)
                  .bind("to", to.wireName())
                  .bind("at", at.toEpochMilli())
                  .bind("id", id.value())
                  .bind("epoch", epoch)
                  .bindList("before", before(to))
                  .execute()
              > 0;
      if (ended && to == ContainerStatus.DELETED) {
        // Who deletes a container wants its code gone too; an expired one may be rebuilt.
        JournalStore.forget(handle, id.value());
      }
      return ended;
    });
  }

  /**
   * Forgets tombstones, and with each its cells and what was mounted.
   *
   * @param endedBefore those that ended earlier
   * @param limit of how many in one transaction
   * @return how many there were
   */
  public int forgetTombstones(Instant endedBefore, int limit) {
    return database.write(handle -> {
      List<String> ids =
          handle
              .createQuery(
                  """
                  SELECT id FROM containers
                  WHERE ended_at < :before AND state IN ('expired', 'deleted') AND owner IS NULL
                  ORDER BY ended_at LIMIT :limit
                  """)
              .bind("before", endedBefore.toEpochMilli())
              .bind("limit", limit)
              .mapTo(String.class)
              .list();
      for (String id : ids) {
        forget(handle, id);
      }
      return ids.size();
    });
  }

  /** Deletes the row and everything that hangs on it. */
  private static void forget(Handle handle, String id) {
    JournalStore.forget(handle, id);
    for (String statement : FORGET) {
      handle.createUpdate(statement).bind("id", id).execute();
    }
  }

  /** Living containers past their retention, oldest first. */
  public List<ContainerRow> expired(Instant now, int limit) {
    return database.read(handle ->
        handle
            .createQuery(
                SELECT
                    + """
                    WHERE c.ended_reason IS NULL AND c.expires_at <= :now
                    ORDER BY c.expires_at LIMIT :limit
                    """)
            .bind("now", now.toEpochMilli())
            .bind("limit", limit)
            .map(ContainerStore::row)
            .list());
  }

  /** Everything that somebody owns. */
  public List<ContainerRow> owned() {
    return database.read(handle ->
        handle
            .createQuery(SELECT + "WHERE c.owner IS NOT NULL ORDER BY c.seq")
            .map(ContainerStore::row)
            .list());
  }

  /** Those of the ids that no row knows. */
  public Set<ContainerId> unknown(Collection<ContainerId> ids) {
    Set<ContainerId> unknown = new HashSet<>(ids);
    unknown.removeIf(id -> find(id).isPresent());
    return unknown;
  }

  public Optional<MountRow> mounted(ContainerId id, String filename) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM mounts WHERE container_id = :id AND filename = :filename")
            .bind("id", id.value())
            .bind("filename", filename)
            .map(ContainerStore::mount)
            .findOne());
  }

  /** What stands under the container's {@code $INPUT_DIR}, by name. */
  public List<MountRow> mounts(ContainerId id) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM mounts WHERE container_id = :id ORDER BY filename")
            .bind("id", id.value())
            .map(ContainerStore::mount)
            .list());
  }

  /** Notes what was mounted. Nothing happens when the term is over. */
  public void insertMount(ContainerId id, long epoch, MountRow mount, Instant now) {
    database.change(handle -> {
      int noted =
          handle
              .createUpdate(
                  """
                  INSERT INTO mounts (
                    container_id, filename, file_id, size_bytes, sha256, mounted_at)
                  SELECT id, :filename, :fileId, :size, :sha256, :now
                  FROM containers WHERE id = :id AND epoch = :epoch
                  ON CONFLICT (container_id, filename) DO UPDATE
                  SET file_id = excluded.file_id, mounted_at = excluded.mounted_at
                  WHERE mounts.sha256 = excluded.sha256
                  """)
              .bind("id", id.value())
              .bind("epoch", epoch)
              .bind("filename", mount.filename())
              .bind("fileId", mount.fileId().value())
              .bind("size", mount.sizeBytes())
              .bind("sha256", mount.sha256())
              .bind("now", now.toEpochMilli())
              .execute();
      if (noted > 0) {
        JournalStore.add(
            handle, id, new JournalEntry.Mounted(mount.fileId(), mount.filename()), now);
      }
    });
  }

  /**
   * Makes the container warm if it lives and this is the owner's term; notes the time of use. Part
   * of a cell's first transaction.
   */
  static boolean warm(Handle handle, ContainerId id, long epoch, Instant now) {
    return handle
            .createUpdate(
                """
                UPDATE containers SET last_active_at = :now, state = 'warm'
                WHERE id = :id AND epoch = :epoch AND ended_reason IS NULL
                  AND state IN ('idle', 'warm')
                """)
            .bind("now", now.toEpochMilli())
            .bind("id", id.value())
            .bind("epoch", epoch)
            .execute()
        > 0;
  }

  /** Makes a warm container idle in which no cell runs. Part of a cell's last transaction. */
  static void cool(Handle handle, ContainerId id) {
    handle
        .createUpdate(
            """
            UPDATE containers SET state = 'idle'
            WHERE id = :id AND state = 'warm' AND NOT EXISTS (
              SELECT 1 FROM cells WHERE container_id = :id AND status = 'running')
            """)
        .bind("id", id.value())
        .execute();
  }

  private static ContainerRow row(ResultSet row, StatementContext context) throws SQLException {
    Optional<Instant> endedAt = Columns.optionalInstant(row, "ended_at");
    Optional<Instant> releasedAt = Columns.optionalInstant(row, "released_at");
    String reason = row.getString("ended_reason");
    String release = row.getString("release_reason");
    return new ContainerRow(
        new ContainerId(row.getString("id")),
        new OrganizationId(row.getString("organization_id")),
        row.getString("image"),
        Json.readStrings(row.getString("labels")),
        Columns.instant(row, "created_at"),
        Columns.instant(row, "expires_at"),
        Columns.instant(row, "last_active_at"),
        row.getLong("disk_bytes"),
        Optional.ofNullable(row.getString("owner")),
        row.getLong("epoch"),
        endedAt.map(at -> new Ending(reason, at)),
        row.getBoolean("cell_running"),
        ContainerStatus.parse(row.getString("state")),
        releasedAt.map(at -> new Release(release, at)),
        new ContainerRow.Peaks(row.getLong("peak_memory_bytes"), row.getLong("peak_disk_bytes")));
  }

  private static MountRow mount(ResultSet row, StatementContext context) throws SQLException {
    return new MountRow(
        row.getString("filename"),
        new FileId(row.getString("file_id")),
        row.getLong("size_bytes"),
        row.getString("sha256"));
  }

  private record Numbered(long seq, ContainerRow row) {}
}
