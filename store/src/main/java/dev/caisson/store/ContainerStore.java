package dev.caisson.store;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
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
              disk_bytes, owner, epoch, ended_reason, ended_at)
            VALUES (
              :id, :organization, :image, :labels, :createdAt, :expiresAt, :lastActiveAt,
              :diskBytes, :owner, :epoch, :endedReason, :endedAt)
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
   * Takes a container from nobody or from one particular owner, who is dead. Cells that the earlier
   * owner left running are lost, in the same transaction.
   *
   * @param from the owner that was seen; empty for nobody
   * @param epoch that was seen
   * @return the new term; empty when the row has changed since it was seen
   */
  public OptionalLong claim(
      ContainerId id, Optional<String> from, long epoch, String owner, String lostReason) {
    return database.write(handle -> {
      Optional<Long> term =
          handle
              .createQuery(
                  """
                  UPDATE containers SET owner = :owner, epoch = epoch + 1
                  WHERE id = :id AND epoch = :epoch AND COALESCE(owner, '') = :from
                  RETURNING epoch
                  """)
              .bind("owner", owner)
              .bind("id", id.value())
              .bind("epoch", epoch)
              .bind("from", from.orElse(""))
              .mapTo(Long.class)
              .findOne();
      if (term.isEmpty()) {
        return OptionalLong.empty();
      }
      CellStore.lose(handle, id, epoch, lostReason);
      return OptionalLong.of(term.get());
    });
  }

  /**
   * Gives a container back: nobody owns it then. Nothing happens when the term is over.
   *
   * @param diskBytes empty to keep the last measured size
   */
  public void release(ContainerId id, long epoch, Instant lastActiveAt, Optional<Long> diskBytes) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                UPDATE containers
                SET owner = NULL, last_active_at = :lastActiveAt,
                  disk_bytes = COALESCE(:diskBytes, disk_bytes)
                WHERE id = :id AND epoch = :epoch
                """)
            .bind("lastActiveAt", lastActiveAt.toEpochMilli())
            .bind("diskBytes", diskBytes.orElse(null))
            .bind("id", id.value())
            .bind("epoch", epoch)
            .execute());
  }

  /** Remembers a measured size. */
  public void measured(ContainerId id, long epoch, long diskBytes) {
    database.change(handle ->
        handle
            .createUpdate(
                "UPDATE containers SET disk_bytes = :size WHERE id = :id AND epoch = :epoch")
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
      handle
          .createUpdate("DELETE FROM mounts WHERE container_id = :id")
          .bind("id", id.value())
          .execute();
      handle
          .createUpdate("DELETE FROM skill_mounts WHERE container_id = :id")
          .bind("id", id.value())
          .execute();
      handle
          .createUpdate("DELETE FROM containers WHERE id = :id AND ended_reason = 'unmade'")
          .bind("id", id.value())
          .execute();
    });
  }

  /**
   * Makes a container a tombstone; an expired one may still be deleted. False when the term is over
   * or it has ended already.
   */
  public boolean end(ContainerId id, long epoch, Ending ending) {
    return database.write(handle ->
        handle
                .createUpdate(
                    """
                    UPDATE containers SET ended_reason = :reason, ended_at = :at
                    WHERE id = :id AND epoch = :epoch
                      AND (ended_reason IS NULL
                        OR (ended_reason = 'expired' AND :reason = 'deleted'))
                    """)
                .bind("reason", ending.reason())
                .bind("at", ending.at().toEpochMilli())
                .bind("id", id.value())
                .bind("epoch", epoch)
                .execute()
            > 0);
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
    database.change(handle ->
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
            .execute());
  }

  /**
   * Whether the container lives and this is the owner's term; notes the time of use. Part of a
   * cell's first transaction.
   */
  static boolean touch(Handle handle, ContainerId id, long epoch, Instant now) {
    return handle
            .createUpdate(
                """
                UPDATE containers SET last_active_at = :now
                WHERE id = :id AND epoch = :epoch AND ended_reason IS NULL
                """)
            .bind("now", now.toEpochMilli())
            .bind("id", id.value())
            .bind("epoch", epoch)
            .execute()
        > 0;
  }

  private static ContainerRow row(ResultSet row, StatementContext context) throws SQLException {
    Optional<Instant> endedAt = Columns.optionalInstant(row, "ended_at");
    String reason = row.getString("ended_reason");
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
        row.getBoolean("cell_running"));
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
