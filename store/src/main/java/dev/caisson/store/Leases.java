package dev.caisson.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which owners live, where processes of several machines share a database: an owner lives while its
 * lease, by the database's clock, has not run out, and a bit longer when nobody minds. Safe for use
 * from many threads and processes.
 *
 * <p>Death is a deed and not an opinion: whoever needs what an owner holds deletes the row of its
 * lease, which succeeds only when it has run out. The owner cannot renew a row that is gone. So two
 * processes never differ on who is dead, and an owner that nobody missed, say because the database
 * itself was away, goes on.
 */
final class Leases {
  /** Long enough for a pause of the process or the database, short enough to wait for. */
  static final Duration LENGTH = Duration.ofSeconds(15);

  private static final String IN_FORCE = "expires_at > clock_timestamp()";
  private static final String RENEWED = "clock_timestamp() + :length * INTERVAL '1 millisecond'";

  private final PostgresDatabase database;
  private final Duration length;
  private final String bootId = bootId();

  Leases(PostgresDatabase database, Duration length) {
    this.database = database;
    this.length = length;
  }

  /** Takes a lease for a new owner. */
  void enter(String owner, long pid) {
    database.change(handle ->
        handle
            .createUpdate(
                "INSERT INTO owner_leases (owner, pid, boot_id, expires_at)"
                    + " VALUES (:owner, :pid, :bootId, "
                    + RENEWED
                    + ")")
            .bind("owner", owner)
            .bind("pid", pid)
            .bind("bootId", bootId)
            .bind("length", length.toMillis())
            .execute());
  }

  /** How often to renew, so that one that fails does no harm. */
  Duration renewEvery() {
    return length.dividedBy(5);
  }

  /** False when the owner was declared dead. */
  boolean renew(String owner) {
    return database.aside(handle ->
        handle
                .createUpdate(
                    "UPDATE owner_leases SET expires_at = " + RENEWED + " WHERE owner = :owner")
                .bind("owner", owner)
                .bind("length", length.toMillis())
                .execute()
            > 0);
  }

  /** Ends the lease of an owner that is dead for certain, or is about to be by its own will. */
  void end(String owner) {
    database.aside(handle ->
        handle
            .createUpdate("DELETE FROM owner_leases WHERE owner = :owner")
            .bind("owner", owner)
            .execute());
  }

  /**
   * Whether the owner lives; one whose lease has run out is declared dead.
   *
   * @param knownDead asked of owners of this machine, of which its kernel knows more
   */
  boolean alive(String owner, Predicate<String> knownDead) {
    Optional<Lease> lease = find(owner);
    if (lease.isEmpty()) {
      return false;
    }
    if (lease.get().bootId().equals(bootId) && knownDead.test(owner)) {
      end(owner);
      return false;
    }
    return lease.get().inForce() || !declareDead(owner);
  }

  /** Declares dead whose leases have run out, and returns them. */
  List<String> sweep() {
    boolean any =
        database.read(handle ->
            handle
                .createQuery("SELECT 1 FROM owner_leases WHERE NOT " + IN_FORCE + " LIMIT 1")
                .mapTo(Long.class)
                .findOne()
                .isPresent());
    return any
        ? database.write(handle ->
            handle
                .createQuery("DELETE FROM owner_leases WHERE NOT " + IN_FORCE + " RETURNING owner")
                .mapTo(String.class)
                .list())
        : List.of();
  }

  /** False when it was renewed just now. */
  private boolean declareDead(String owner) {
    database.change(handle ->
        handle
            .createUpdate("DELETE FROM owner_leases WHERE owner = :owner AND NOT " + IN_FORCE)
            .bind("owner", owner)
            .execute());
    return find(owner).isEmpty();
  }

  private Optional<Lease> find(String owner) {
    return database.read(handle ->
        handle
            .createQuery(
                "SELECT boot_id, "
                    + IN_FORCE
                    + " AS in_force FROM owner_leases WHERE owner = :owner")
            .bind("owner", owner)
            .map((row, context) -> new Lease(row.getString("boot_id"), row.getBoolean("in_force")))
            .findOne());
  }

  /** The kernel's locks are known as far as this reaches. */
  private static String bootId() {
    try {
      return Owners.bootId();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Lease(String bootId, boolean inForce) {}
}
