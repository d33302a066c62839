package dev.caisson.store;

import dev.caisson.domain.Organization;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The organizations of a data directory and their own limits. Safe for use from many threads and
 * processes.
 */
public final class OrganizationStore {
  private static final String OLDEST = "SELECT id FROM organizations ORDER BY seq LIMIT 1";

  private static final String SELECT =
      """
      SELECT o.*, (
        SELECT COUNT(*) FROM api_keys k
        WHERE k.organization_id = o.id AND k.revoked_at IS NULL) AS live_keys
      FROM organizations o
      """;

  private final Database database;

  OrganizationStore(Database database) {
    this.database = database;
  }

  /** The first organization of the data directory, made when there is none. */
  public OrganizationId oldest(Instant now) {
    return database
        .read(OrganizationStore::findOldest)
        .orElseGet(() -> database.write(handle -> oldest(handle, now)));
  }

  static OrganizationId oldest(Handle handle, Instant now) {
    return findOldest(handle).orElseGet(() -> insert(handle, "default", now).orElseThrow());
  }

  /** A further organization; empty when there is one of that name. */
  public Optional<OrganizationId> create(String name, Instant now) {
    return database.write(handle -> insert(handle, name, now));
  }

  private static Optional<OrganizationId> findOldest(Handle handle) {
    return handle.createQuery(OLDEST).mapTo(String.class).findOne().map(OrganizationId::new);
  }

  private static Optional<OrganizationId> insert(Handle handle, String name, Instant now) {
    return handle
        .createQuery(
            """
            INSERT INTO organizations (id, name, created_at)
            VALUES (:id, :name, :now)
            ON CONFLICT (name) DO NOTHING
            RETURNING id
            """)
        .bind("id", OrganizationId.next().value())
        .bind("name", name)
        .bind("now", now.toEpochMilli())
        .mapTo(String.class)
        .findOne()
        .map(OrganizationId::new);
  }

  /** Oldest first. */
  public List<Organization> list() {
    return database.read(handle ->
        handle
            .createQuery(SELECT + "ORDER BY o.seq")
            .map((row, context) -> organization(handle, row))
            .list());
  }

  /** By its id or its name. */
  public Optional<Organization> find(String nameOrId) {
    return database.read(handle ->
        handle
            .createQuery(SELECT + "WHERE o.id = :text OR o.name = :text ORDER BY o.seq LIMIT 1")
            .bind("text", nameOrId)
            .map((row, context) -> organization(handle, row))
            .findOne());
  }

  /** The limits that an organization has of its own; none for one that is unknown. */
  public Map<OrganizationLimit, Long> limits(OrganizationId organization) {
    return database.read(handle -> limits(handle, organization));
  }

  /** Sets limits, or, where there is no value, gives them back to the server's. */
  public void setLimits(
      OrganizationId organization, Map<OrganizationLimit, Optional<Long>> limits) {
    database.change(handle ->
        limits.forEach((limit, value) ->
            value.ifPresentOrElse(
                number -> set(handle, organization, limit, number),
                () -> clear(handle, organization, limit))));
  }

  private static void set(
      Handle handle, OrganizationId organization, OrganizationLimit limit, long value) {
    handle
        .createUpdate(
            """
            INSERT INTO organization_limits (organization_id, name, value)
            VALUES (:organization, :name, :value)
            ON CONFLICT (organization_id, name) DO UPDATE SET value = excluded.value
            """)
        .bind("organization", organization.value())
        .bind("name", limit.key())
        .bind("value", value)
        .execute();
  }

  private static void clear(Handle handle, OrganizationId organization, OrganizationLimit limit) {
    handle
        .createUpdate(
            """
            DELETE FROM organization_limits
            WHERE organization_id = :organization AND name = :name
            """)
        .bind("organization", organization.value())
        .bind("name", limit.key())
        .execute();
  }

  /**
   * Lets whoever counts what an organization has, to add to it, go one after another; for the rest
   * of the transaction. SQLite has one writer at a time anyway.
   */
  static void lock(Handle handle, OrganizationId organization) {
    handle
        .createUpdate("UPDATE organizations SET name = name WHERE id = :id")
        .bind("id", organization.value())
        .execute();
  }

  private static Map<OrganizationLimit, Long> limits(Handle handle, OrganizationId organization) {
    Map<OrganizationLimit, Long> limits = new EnumMap<>(OrganizationLimit.class);
    handle
        .createQuery("SELECT name, value FROM organization_limits WHERE organization_id = :id")
        .bind("id", organization.value())
        .map((row, context) -> Map.entry(row.getString("name"), row.getLong("value")))
        .forEach(entry ->
            // A name of a newer version is not for us.
            OrganizationLimit.ofKey(entry.getKey())
                .ifPresent(limit -> limits.put(limit, entry.getValue())));
    return limits;
  }

  private static Organization organization(Handle handle, ResultSet row) throws SQLException {
    OrganizationId id = new OrganizationId(row.getString("id"));
    return new Organization(
        id,
        row.getString("name"),
        Columns.instant(row, "created_at"),
        row.getLong("live_keys"),
        limits(handle, id));
  }
}
