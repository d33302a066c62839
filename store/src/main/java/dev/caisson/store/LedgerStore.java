package dev.caisson.store;

import dev.caisson.domain.ContainerCost;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageFilter;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * What was billed, as rows that only ever come after one another, and the requests that have none
 * yet. Safe for use from many threads and processes.
 */
public final class LedgerStore {
  private static final String LIST = "usage";

  /** Rows are streamed: a year of them does not fit into memory. */
  private static final int FETCH = 1000;

  private final Database database;

  LedgerStore(Database database) {
    this.database = database;
  }

  /** Changes the ledger, and nothing else. */
  public void apply(LedgerChange change) {
    database.change(handle -> LedgerWriter.apply(handle, change));
  }

  /** Notes that a process lives: all that runs for its requests has lasted until then. */
  public void keepAlive(String owner, long now) {
    database.change(handle ->
        handle
            .createUpdate(
                """
                UPDATE ledger_open SET known_until = :now
                WHERE owner = :owner AND running_from IS NOT NULL AND known_until < :now
                """)
            .bind("now", now)
            .bind("owner", owner)
            .execute());
  }

  /**
   * Writes the rows of requests whose process is dead, each up to the last moment that is known of
   * it.
   *
   * @return how many requests there were
   */
  public int settle(Owners owners, Tariff tariff, Instant now) {
    List<String> holders =
        database.read(handle ->
            handle
                .createQuery("SELECT DISTINCT owner FROM ledger_open")
                .mapTo(String.class)
                .list());
    // Asked between the reads: what a dead owner noted last is seen only by a read that is later.
    List<OpenCharge> dead =
        holders.stream()
            .filter(owner -> !owners.alive(owner))
            .flatMap(owner -> database.read(handle -> open(handle, owner)).stream())
            .toList();
    for (OpenCharge charge : dead) {
      apply(new LedgerChange.Close(charge.id(), charge.ended(tariff), tariff, now));
    }
    return dead.size();
  }

  private static List<OpenCharge> open(Handle handle, String owner) {
    return handle
        .createQuery("SELECT * FROM ledger_open WHERE owner = :owner ORDER BY known_until, id")
        .bind("owner", owner)
        .map((row, context) -> open(row))
        .list();
  }

  private static OpenCharge open(ResultSet row) throws SQLException {
    return new OpenCharge(
        row.getString("id"),
        row.getString("owner"),
        ChargeText.read(row.getString("charge")),
        row.getLong("known_until"),
        optional(row, "running_from"),
        optional(row, "executing_from"));
  }

  private static OptionalLong optional(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
  }

  /** Rows of an organization, newest first. */
  public Page<LedgerRow> list(
      OrganizationId organization, UsageFilter filter, PageRequest request) {
    List<LedgerRow> rows =
        database.read(handle ->
            select(handle, organization, filter, "AND position < :before", "DESC", " LIMIT :limit")
                .bind("before", PageToken.before(LIST, request))
                .bind("limit", request.limit() + 1)
                .map(LedgerRows::row)
                .list());
    return PageToken.page(LIST, request, rows, LedgerRow::position, row -> row);
  }

  /** Gives rows of an organization one by one, in their order. */
  public void each(OrganizationId organization, UsageFilter filter, Consumer<LedgerRow> reader) {
    database.read(handle -> {
      try (Stream<LedgerRow> rows =
          select(handle, organization, filter, "", "ASC", "")
              .setFetchSize(FETCH)
              .map(LedgerRows::row)
              .stream()) {
        rows.forEach(reader);
      }
      return true;
    });
  }

  private static Query select(
      Handle handle,
      OrganizationId organization,
      UsageFilter filter,
      String and,
      String order,
      String limit) {
    String container = filter.container().isPresent() ? "AND container_id = :container " : "";
    Query query =
        handle
            .createQuery(
                "SELECT * FROM ledger WHERE organization_id = :organization AND recorded_at >= :from"
                    + " AND recorded_at < :until "
                    + container
                    + and
                    // The order of positions, which this index has: time never goes back in a
                    // ledger.
                    + " ORDER BY recorded_at "
                    + order
                    + ", position "
                    + order
                    + limit)
            .bind("organization", organization.value())
            .bind("from", filter.from().toEpochMilli())
            .bind("until", filter.until().toEpochMilli());
    filter.container().map(ContainerId::value).ifPresent(id -> query.bind("container", id));
    return query;
  }

  /** The newest row that was recorded before that moment. */
  public Optional<LedgerRow> lastBefore(OrganizationId organization, Instant moment) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT * FROM ledger
                WHERE organization_id = :organization AND recorded_at < :moment
                ORDER BY recorded_at DESC, position DESC LIMIT 1
                """)
            .bind("organization", organization.value())
            .bind("moment", moment.toEpochMilli())
            .map(LedgerRows::row)
            .findOne());
  }

  /** What all requests of a container have come to. */
  public ContainerCost costOf(ContainerId container) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT COALESCE(SUM(billed_ms), 0) AS billed,
                  COALESCE(SUM((billed_ms - free_ms) * hour_price), 0) AS cost
                FROM ledger WHERE container_id = :container
                """)
            .bind("container", container.value())
            .map((row, context) ->
                new ContainerCost(row.getLong("billed"), Tariff.cents(row.getLong("cost"))))
            .one());
  }

  /** Reads a whole chain, beside whoever writes, and says what is wrong with it. */
  public LedgerAudit verify(OrganizationId organization) {
    return database.read(handle -> {
      LedgerVerifier verifier = new LedgerVerifier(head(handle, organization));
      try (Stream<LedgerRow> rows =
          handle
              .createQuery(
                  "SELECT * FROM ledger WHERE organization_id = :organization ORDER BY position")
              .bind("organization", organization.value())
              .setFetchSize(FETCH)
              .map(LedgerRows::row)
              .stream()) {
        rows.forEach(verifier::read);
      }
      return verifier.end(head(handle, organization));
    });
  }

  private static LedgerWriter.Head head(Handle handle, OrganizationId organization) {
    return handle
        .createQuery("SELECT * FROM ledger_heads WHERE organization_id = :organization")
        .bind("organization", organization.value())
        .map((row, context) -> LedgerWriter.Head.of(row))
        .findOne()
        .orElse(LedgerWriter.Head.START);
  }
}
