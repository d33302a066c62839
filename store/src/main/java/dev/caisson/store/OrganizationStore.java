package dev.caisson.store;

import dev.caisson.domain.OrganizationId;
import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The organizations of a data directory. Safe for use from many threads. */
public final class OrganizationStore {
  private static final String OLDEST = "SELECT id FROM organizations ORDER BY seq LIMIT 1";

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
    return findOldest(handle).orElseGet(() -> insert(handle, "default", now));
  }

  /** A further organization. */
  public OrganizationId create(String name, Instant now) {
    return database.write(handle -> insert(handle, name, now));
  }

  private static Optional<OrganizationId> findOldest(Handle handle) {
    return handle.createQuery(OLDEST).mapTo(String.class).findOne().map(OrganizationId::new);
  }

  private static OrganizationId insert(Handle handle, String name, Instant now) {
    OrganizationId id = OrganizationId.next();
    handle
        .createUpdate(
            """
            INSERT INTO organizations (id, name, created_at)
            VALUES (:id, :name, :now)
            """)
        .bind("id", id.value())
        .bind("name", name)
        .bind("now", now.toEpochMilli())
        .execute();
    return id;
  }
}
