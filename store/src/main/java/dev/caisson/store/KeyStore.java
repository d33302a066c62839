package dev.caisson.store;

import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/** API keys by the hash of their text. Safe for use from many threads. */
public final class KeyStore {
  private final Database database;

  KeyStore(Database database) {
    this.database = database;
  }

  public void insert(KeyRow key) {
    database.change(handle -> insert(handle, key));
  }

  /**
   * Inserts the first key of the data directory for its oldest organization, which is made when
   * there is none; empty when the directory has a key already, revoked ones included.
   */
  public Optional<OrganizationId> insertFirst(
      KeyId id, String name, String sha256, Instant createdAt) {
    return database.write(handle -> {
      boolean any =
          handle
              .createQuery("SELECT 1 FROM api_keys LIMIT 1")
              .mapTo(Long.class)
              .findOne()
              .isPresent();
      if (any) {
        return Optional.empty();
      }
      OrganizationId organization = OrganizationStore.oldest(handle, createdAt);
      insert(handle, new KeyRow(id, organization, name, sha256, createdAt, Optional.empty()));
      return Optional.of(organization);
    });
  }

  private static void insert(Handle handle, KeyRow key) {
    handle
        .createUpdate(
            """
            INSERT INTO api_keys (id, organization_id, name, key_sha256, created_at, revoked_at)
            VALUES (:id, :organization, :name, :sha256, :createdAt, :revokedAt)
            """)
        .bind("id", key.id().value())
        .bind("organization", key.organizationId().value())
        .bind("name", key.name())
        .bind("sha256", key.sha256())
        .bind("createdAt", key.createdAt().toEpochMilli())
        .bind("revokedAt", Columns.millis(key.revokedAt()))
        .execute();
  }

  /** The key whose text has that hash. */
  public Optional<KeyRow> findByHash(String sha256) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM api_keys WHERE key_sha256 = :sha256")
            .bind("sha256", sha256)
            .map(KeyStore::row)
            .findOne());
  }

  /** Newest first. */
  public List<KeyRow> list(OrganizationId organization) {
    return database.read(handle ->
        handle
            .createQuery(
                "SELECT * FROM api_keys WHERE organization_id = :organization ORDER BY seq DESC")
            .bind("organization", organization.value())
            .map(KeyStore::row)
            .list());
  }

  /** Those of every organization, newest first. */
  public List<KeyRow> list() {
    return database.read(handle ->
        handle.createQuery("SELECT * FROM api_keys ORDER BY seq DESC").map(KeyStore::row).list());
  }

  /** The key as it is now; one that was revoked already keeps its time. Empty when unknown. */
  public Optional<KeyRow> revoke(KeyId id, Instant now) {
    return database.write(handle ->
        handle
            .createQuery(
                """
                UPDATE api_keys SET revoked_at = COALESCE(revoked_at, :now)
                WHERE id = :id
                RETURNING *
                """)
            .bind("now", now.toEpochMilli())
            .bind("id", id.value())
            .map(KeyStore::row)
            .findOne());
  }

  /** Revokes all keys of an organization; those that this ended. */
  public List<KeyRow> revokeAll(OrganizationId organization, Instant now) {
    return database.write(handle ->
        handle
            .createQuery(
                """
                UPDATE api_keys SET revoked_at = :now
                WHERE organization_id = :organization AND revoked_at IS NULL
                RETURNING *
                """)
            .bind("now", now.toEpochMilli())
            .bind("organization", organization.value())
            .map(KeyStore::row)
            .list());
  }

  private static KeyRow row(ResultSet row, StatementContext context) throws SQLException {
    return new KeyRow(
        new KeyId(row.getString("id")),
        new OrganizationId(row.getString("organization_id")),
        row.getString("name"),
        row.getString("key_sha256"),
        Columns.instant(row, "created_at"),
        Columns.optionalInstant(row, "revoked_at"));
  }
}
