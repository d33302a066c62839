package dev.caisson.store;

import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CursorPage;
import dev.caisson.domain.CursorRequest;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Rows of stored files and the bookkeeping of their content. Safe for use from many threads and
 * processes.
 *
 * <p>Content goes through three steps: its hash is reserved, the content is placed, and one
 * transaction inserts the row and ends the reservation. Content is deleted only in a transaction
 * that sees neither row nor reservation of its hash. So an upload that begins before the deletion
 * is seen by it, and one that begins after it places the content anew.
 */
public final class FileStore {
  private static final String LIST = "files";

  /** In place of a hash: all content is reserved. */
  private static final String ALL = "all-content";

  private final Database database;

  FileStore(Database database) {
    this.database = database;
  }

  /** Protects content of that hash from deletion until the reservation ends. */
  public String reserve(String sha256, String owner) {
    return database.write(handle -> reserve(handle, sha256, owner));
  }

  /** Reserves several at once. */
  public List<String> reserve(List<String> hashes, String owner) {
    return database.write(
        handle -> hashes.stream().map(sha256 -> reserve(handle, sha256, owner)).toList());
  }

  private static String reserve(Handle handle, String sha256, String owner) {
    String id = UUID.randomUUID().toString();
    handle
        .createUpdate(
            "INSERT INTO blob_reservations (id, sha256, owner) VALUES (:id, :sha256, :owner)")
        .bind("id", id)
        .bind("sha256", sha256)
        .bind("owner", owner)
        .execute();
    return id;
  }

  /**
   * Inserts a row and ends the reservation of its content, unless the organization's files would be
   * too large together; throws Conflict, with nothing inserted, when the reservation was taken from
   * us: the content may be gone.
   *
   * @param most bytes that they may have, this file included
   * @return whether it was inserted
   */
  public boolean insert(
      OrganizationId organization, StoredFile file, String reservation, long most) {
    return database.write(handle -> {
      OrganizationStore.lock(handle, organization);
      if (storedBytes(handle, organization) > most - file.sizeBytes()) {
        return false;
      }
      insert(handle, organization, file);
      redeem(handle, reservation);
      return true;
    });
  }

  static void insert(Handle handle, OrganizationId organization, StoredFile file) {
    handle
        .createUpdate(
            """
            INSERT INTO files (
              id, organization_id, filename, mime_type, size_bytes, sha256, created_at,
              downloadable, expires_at)
            VALUES (
              :id, :organization, :filename, :mimeType, :size, :sha256, :createdAt,
              :downloadable, :expiresAt)
            """)
        .bind("id", file.id().value())
        .bind("organization", organization.value())
        .bind("filename", file.filename())
        .bind("mimeType", file.mimeType())
        .bind("size", file.sizeBytes())
        .bind("sha256", file.sha256())
        .bind("createdAt", file.createdAt().toEpochMilli())
        .bind("downloadable", file.downloadable() ? 1 : 0)
        .bind("expiresAt", Columns.millis(file.expiresAt()))
        .execute();
  }

  /** Ends reservations whose rows will not come; content that only they held becomes garbage. */
  public void abandon(Collection<String> reservations) {
    database.change(handle -> {
      for (String reservation : reservations) {
        handle
            .createUpdate(
                """
                INSERT INTO blob_garbage (sha256)
                SELECT sha256 FROM blob_reservations WHERE id = :id
                ON CONFLICT (sha256) DO NOTHING
                """)
            .bind("id", reservation)
            .execute();
        end(handle, reservation);
      }
    });
  }

  /**
   * Ends the reservation of content that a row of this transaction names. An owner that was taken
   * for dead has lost its reservations, and with them the content: such a row must not come to be.
   */
  static void redeem(Handle handle, String reservation) {
    if (!end(handle, reservation)) {
      throw new Conflict(
          "the content was given up because this process was taken for dead; send it again");
    }
  }

  private static boolean end(Handle handle, String reservation) {
    return handle
            .createUpdate("DELETE FROM blob_reservations WHERE id = :id")
            .bind("id", reservation)
            .execute()
        > 0;
  }

  public Optional<StoredFile> find(OrganizationId organization, FileId id) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM files WHERE id = :id AND organization_id = :organization")
            .bind("id", id.value())
            .bind("organization", organization.value())
            .map(FileStore::row)
            .findOne());
  }

  /** Those of the files that exist, newest first. */
  public List<StoredFile> find(OrganizationId organization, List<FileId> ids) {
    if (ids.isEmpty()) {
      return List.of();
    }
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM files
                WHERE id IN (<ids>) AND organization_id = :organization
                ORDER BY seq DESC
                """)
            .bindList("ids", ids.stream().map(FileId::value).toList())
            .bind("organization", organization.value())
            .map(FileStore::row)
            .list());
  }

  /** Newest first. */
  public Page<StoredFile> list(OrganizationId organization, PageRequest request) {
    List<Numbered> rows =
        database.read(handle ->
            handle
                .createQuery(
                    """
                    SELECT * FROM files
                    WHERE organization_id = :organization AND seq < :before
                    ORDER BY seq DESC LIMIT :limit
                    """)
                .bind("organization", organization.value())
                .bind("before", PageToken.before(LIST, request))
                .bind("limit", request.limit() + 1)
                .map((row, context) -> new Numbered(row.getLong("seq"), row(row, context)))
                .list());
    return PageToken.page(LIST, request, rows, Numbered::seq, Numbered::file);
  }

  /** Newest first. */
  public CursorPage<StoredFile> list(OrganizationId organization, CursorRequest request) {
    return database.read(
        handle -> Cursor.page(handle, LIST, "TRUE", organization, request, FileStore::row));
  }

  /** Bytes of all files of the organization, expired ones included: they still lie on disk. */
  public long storedBytes(OrganizationId organization) {
    return database.read(handle -> storedBytes(handle, organization));
  }

  /** What all organizations have. */
  public Totals totals() {
    return database.read(handle ->
        handle
            .createQuery("SELECT COUNT(*) AS n, COALESCE(SUM(size_bytes), 0) AS bytes FROM files")
            .map((row, context) -> new Totals(row.getLong("n"), row.getLong("bytes")))
            .one());
  }

  /** How many files, and their sizes together. */
  public record Totals(long count, long bytes) {}

  private static long storedBytes(Handle handle, OrganizationId organization) {
    return handle
        .createQuery(
            """
            SELECT COALESCE(SUM(size_bytes), 0) FROM files WHERE organization_id = :organization
            """)
        .bind("organization", organization.value())
        .mapTo(Long.class)
        .one();
  }

  /** Deletes a row; its content becomes garbage. False when there is no such file. */
  public boolean delete(OrganizationId organization, FileId id) {
    return database.write(handle -> {
      Optional<String> sha256 =
          handle
              .createQuery(
                  """
                  DELETE FROM files WHERE id = :id AND organization_id = :organization
                  RETURNING sha256
                  """)
              .bind("id", id.value())
              .bind("organization", organization.value())
              .mapTo(String.class)
              .findOne();
      sha256.ifPresent(hash -> addGarbage(handle, hash));
      return sha256.isPresent();
    });
  }

  /** Deletes rows of files that expired before that time. */
  public void deleteExpired(Instant before) {
    boolean any =
        database.read(handle ->
            handle
                .createQuery("SELECT 1 FROM files WHERE expires_at < :before LIMIT 1")
                .bind("before", before.toEpochMilli())
                .mapTo(Long.class)
                .findOne()
                .isPresent());
    if (any) {
      database.change(handle ->
          handle
              .createQuery("DELETE FROM files WHERE expires_at < :before RETURNING sha256")
              .bind("before", before.toEpochMilli())
              .mapTo(String.class)
              .list()
              .forEach(hash -> addGarbage(handle, hash)));
    }
  }

  static void addGarbage(Handle handle, String sha256) {
    handle
        .createUpdate(
            """
            INSERT INTO blob_garbage (sha256) VALUES (:sha256) ON CONFLICT (sha256) DO NOTHING
            """)
        .bind("sha256", sha256)
        .execute();
  }

  /**
   * Keeps all content from being deleted until {@link #letGo}, or until the owner dies. It is a
   * reservation of content that cannot be, so that whatever ends an owner's others ends it too.
   */
  public String holdAll(String owner) {
    return reserve(ALL, owner);
  }

  /** Ends a hold of {@link #holdAll}. */
  public void letGo(String hold) {
    database.change(handle -> end(handle, hold));
  }

  private static boolean held(Handle handle) {
    return handle
        .createQuery("SELECT 1 FROM blob_reservations WHERE sha256 = :all LIMIT 1")
        .bind("all", ALL)
        .mapTo(Long.class)
        .findOne()
        .isPresent();
  }

  /** Deletes content that neither a row nor a reservation names. */
  public void collectGarbage(Blobs blobs) {
    List<String> hashes =
        database.read(handle ->
            handle.createQuery("SELECT sha256 FROM blob_garbage").mapTo(String.class).list());
    for (String sha256 : hashes) {
      Optional<Blobs.Doomed> doomed = database.write(handle -> doom(handle, blobs, sha256));
      // Out of the transaction: freeing a large file takes long.
      doomed.ifPresent(Blobs.Doomed::delete);
    }
  }

  private static Optional<Blobs.Doomed> doom(Handle handle, Blobs blobs, String sha256) {
    if (held(handle)) {
      // It stays noted as garbage, for the first sweep after the hold.
      return Optional.empty();
    }
    handle
        .createUpdate("DELETE FROM blob_garbage WHERE sha256 = :sha256")
        .bind("sha256", sha256)
        .execute();
    boolean named =
        handle
            .createQuery(
                """
                SELECT 1 FROM files WHERE sha256 = :sha256
                UNION ALL SELECT 1 FROM skill_files WHERE sha256 = :sha256
                UNION ALL SELECT 1 FROM container_journal WHERE sha256 = :sha256 AND kept = 1
                UNION ALL SELECT 1 FROM blob_reservations WHERE sha256 = :sha256
                LIMIT 1
                """)
            .bind("sha256", sha256)
            .mapTo(Long.class)
            .findOne()
            .isPresent();
    return named ? Optional.empty() : blobs.moveAside(sha256);
  }

  /** Ends the reservations of owners that are dead. */
  void abandonReservationsOf(Owners owners) {
    List<String> holders =
        database.read(handle ->
            handle
                .createQuery("SELECT DISTINCT owner FROM blob_reservations")
                .mapTo(String.class)
                .list());
    for (String holder : holders) {
      if (!owners.alive(holder)) {
        abandon(
            database.read(handle ->
                handle
                    .createQuery("SELECT id FROM blob_reservations WHERE owner = :owner")
                    .bind("owner", holder)
                    .mapTo(String.class)
                    .list()));
      }
    }
  }

  private static StoredFile row(ResultSet row, StatementContext context) throws SQLException {
    return new StoredFile(
        new FileId(row.getString("id")),
        row.getString("filename"),
        row.getString("mime_type"),
        row.getLong("size_bytes"),
        row.getString("sha256"),
        Columns.instant(row, "created_at"),
        row.getLong("downloadable") != 0,
        Columns.optionalInstant(row, "expires_at"));
  }

  private record Numbered(long seq, StoredFile file) {}
}
