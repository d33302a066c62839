package dev.caisson.store;

import dev.caisson.domain.BilledSoFar;
import dev.caisson.domain.BillingRule;
import dev.caisson.domain.Charge;
import dev.caisson.domain.Interval;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Price;
import dev.caisson.domain.RunId;
import dev.caisson.domain.Tariff;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Changes the ledger inside of a transaction that does more than that. The head of an
 * organization's chain is taken first, so that its rows are priced and written one at a time.
 */
final class LedgerWriter {
  private LedgerWriter() {}

  static void apply(Handle handle, LedgerChange change) {
    switch (change) {
      case LedgerChange.None none -> {}
      case LedgerChange.Keep keep -> keep(handle, keep.charge());
      case LedgerChange.Close close -> {
        if (forget(handle, close.id())) {
          append(handle, joined(handle, close.charge()), close.tariff(), close.now());
        }
      }
      case LedgerChange.Forget forget -> forget(handle, forget.id());
    }
  }

  private static void keep(Handle handle, OpenCharge open) {
    handle
        .createUpdate(
            """
            INSERT INTO ledger_open (
              id, owner, known_until, running_from, executing_from, charge)
            VALUES (:id, :owner, :knownUntil, :runningFrom, :executingFrom, :charge)
            ON CONFLICT (id) DO UPDATE SET
              known_until = excluded.known_until, running_from = excluded.running_from,
              executing_from = excluded.executing_from, charge = excluded.charge
            """)
        .bind("id", open.id())
        .bind("owner", open.owner())
        .bind("knownUntil", open.knownUntil())
        .bind("runningFrom", nullable(open.runningFrom()))
        .bind("executingFrom", nullable(open.executingFrom()))
        .bind("charge", ChargeText.write(open.charge()))
        .execute();
  }

  private static @Nullable Long nullable(OptionalLong moment) {
    return moment.isPresent() ? moment.getAsLong() : null;
  }

  /** Whether it was there. */
  static boolean forget(Handle handle, String id) {
    return handle.createUpdate("DELETE FROM ledger_open WHERE id = :id").bind("id", id).execute()
        > 0;
  }

  /** The cells of a run are one request, to which the time between them belongs. */
  private static Charge joined(Handle handle, Charge charge) {
    if (charge.run().isEmpty() || charge.intervals().isEmpty()) {
      return charge;
    }
    long from = charge.intervals().from();
    Optional<Long> before =
        handle
            .createQuery(
                """
                SELECT MAX(interval_until) FROM ledger
                WHERE group_id = :group AND container_id = :container AND timeline = :timeline
                  AND epoch = :epoch AND interval_until < :from
                  AND organization_id = :organization
                """)
            .bind("group", charge.group().orElse(""))
            .bind("container", charge.container().value())
            .bind("timeline", charge.timeline())
            .bind("epoch", charge.epoch())
            .bind("from", from)
            .bind("organization", charge.requester().organization().value())
            .mapTo(Long.class)
            .findOne();
    return before
        .map(end -> charge.plus(Intervals.of(new Interval(end, from)), 0, 0))
        .orElse(charge);
  }

  /** Prices a charge and writes its row, if there is to be one. */
  static void append(Handle handle, Charge charge, Tariff tariff, Instant now) {
    if (!charge.isBillable()) {
      return;
    }
    OrganizationId organization = charge.requester().organization();
    Head head = takeHead(handle, organization);
    // A clock that was set back must not change a bill that is closed.
    Instant recordedAt = now.isBefore(head.recordedAt()) ? head.recordedAt() : now;
    boolean sameMonth = LedgerRow.month(recordedAt).equals(LedgerRow.month(head.recordedAt()));
    long monthMillis = sameMonth ? head.monthMillis() : 0;
    long monthCost = sameMonth ? head.monthCost() : 0;
    Price price =
        tariff.price(
            charge, covered(handle, charge), before(handle, charge, tariff.scope()), monthMillis);
    LedgerRow unsigned =
        new LedgerRow(
            organization,
            head.position() + 1,
            recordedAt,
            charge,
            tariff,
            price,
            monthMillis + price.billedMillis(),
            Math.addExact(monthCost, tariff.cost(price.paidMillis())),
            "");
    String hash = LedgerChain.hash(head.hash(), unsigned);
    insert(handle, unsigned, hash);
    moveHead(handle, unsigned, hash);
  }

  /** The head, made when it is the first; nobody else gets it before this transaction ends. */
  private static Head takeHead(Handle handle, OrganizationId organization) {
    return handle
        .createQuery(
            """
            INSERT INTO ledger_heads (
              organization_id, position, recorded_at, month_ms, month_cost, hash)
            VALUES (:organization, 0, 0, 0, 0, :start)
            ON CONFLICT (organization_id) DO UPDATE SET position = ledger_heads.position
            RETURNING *
            """)
        .bind("organization", organization.value())
        .bind("start", LedgerChain.START)
        .map((row, context) -> Head.of(row))
        .one();
  }

  private static void moveHead(Handle handle, LedgerRow row, String hash) {
    handle
        .createUpdate(
            """
            UPDATE ledger_heads SET
              position = :position, recorded_at = :recordedAt, month_ms = :monthMillis,
              month_cost = :monthCost, hash = :hash
            WHERE organization_id = :organization
            """)
        .bind("position", row.position())
        .bind("recordedAt", row.recordedAt().toEpochMilli())
        .bind("monthMillis", row.monthMillis())
        .bind("monthCost", row.monthCost())
        .bind("hash", hash)
        .bind("organization", row.organization().value())
        .execute();
  }

  /** What rows of the container cover of the time in question. */
  private static Intervals covered(Handle handle, Charge charge) {
    return handle
        .createQuery(
            """
            SELECT intervals FROM ledger
            WHERE container_id = :container AND timeline = :timeline
              AND interval_until > :from AND interval_from < :until AND billing_rule <> :exempt
            """)
        .bind("container", charge.container().value())
        .bind("timeline", charge.timeline())
        .bind("from", charge.intervals().from())
        .bind("until", charge.intervals().until())
        .bind("exempt", BillingRule.WEB_TOOL_EXEMPTION.wireName())
        .mapTo(String.class)
        .map(Intervals::parse)
        .reduce(Intervals.NONE, Intervals::plus);
  }

  private static BilledSoFar before(Handle handle, Charge charge, MinimumScope scope) {
    return switch (scope) {
      case REQUEST ->
          charge.group().map(group -> ofGroup(handle, charge, group)).orElse(BilledSoFar.NOTHING);
      case CONTAINER -> ofWarmPeriod(handle, charge);
    };
  }

  private static BilledSoFar ofGroup(Handle handle, Charge charge, String group) {
    return handle
        .createQuery(
            """
            SELECT COALESCE(SUM(counted_ms), 0) AS counted, COALESCE(SUM(billed_ms), 0) AS billed
            FROM ledger
            WHERE group_id = :group AND container_id = :container
              AND organization_id = :organization AND billing_rule <> :exempt
            """)
        .bind("group", group)
        .bind("container", charge.container().value())
        .bind("organization", charge.requester().organization().value())
        .bind("exempt", BillingRule.WEB_TOOL_EXEMPTION.wireName())
        .map((row, context) -> soFar(row))
        .one();
  }

  private static BilledSoFar ofWarmPeriod(Handle handle, Charge charge) {
    return handle
        .createQuery(
            """
            SELECT COALESCE(SUM(counted_ms), 0) AS counted, COALESCE(SUM(billed_ms), 0) AS billed
            FROM ledger
            WHERE container_id = :container AND timeline = :timeline AND epoch = :epoch
              AND billing_rule <> :exempt
            """)
        .bind("container", charge.container().value())
        .bind("timeline", charge.timeline())
        .bind("epoch", charge.epoch())
        .bind("exempt", BillingRule.WEB_TOOL_EXEMPTION.wireName())
        .map((row, context) -> soFar(row))
        .one();
  }

  private static BilledSoFar soFar(ResultSet row) throws SQLException {
    return new BilledSoFar(row.getLong("counted"), row.getLong("billed"));
  }

  private static void insert(Handle handle, LedgerRow row, String hash) {
    Charge charge = row.charge();
    handle
        .createUpdate(
            """
            INSERT INTO ledger (
              organization_id, position, recorded_at, request_id, key_id, run_id, group_id, exempt,
              container_id, epoch, timeline, started_at, interval_from, interval_until, intervals,
              preload_ms, execution_ms, cpu_us, attached_files, attached_bytes, cells, alone_ms,
              tool_ran, minimum_ms, minimum_scope, free_limit_ms, hour_price, billing_rule,
              counted_ms, billed_ms, free_ms, month_ms, month_cost, hash)
            VALUES (
              :organization, :position, :recordedAt, :request, :key, :run, :group, :exempt,
              :container, :epoch, :timeline, :startedAt, :from, :until, :intervals,
              :preload, :execution, :cpu, :files, :bytes, :cells, :alone,
              :toolRan, :minimum, :scope, :freeLimit, :hourPrice, :rule,
              :counted, :billed, :free, :monthMillis, :monthCost, :hash)
            """)
        .bind("organization", row.organization().value())
        .bind("position", row.position())
        .bind("recordedAt", row.recordedAt().toEpochMilli())
        .bind("request", charge.requester().requestId())
        .bind("key", charge.requester().key().map(KeyId::value).orElse(null))
        .bind("run", charge.run().map(RunId::value).orElse(null))
        .bind("group", charge.group().orElse(null))
        .bind("exempt", charge.exempt() ? 1L : 0L)
        .bind("container", charge.container().value())
        .bind("epoch", charge.epoch())
        .bind("timeline", charge.timeline())
        .bind("startedAt", charge.startedAt().toEpochMilli())
        .bind("from", charge.intervals().from())
        .bind("until", charge.intervals().until())
        .bind("intervals", charge.intervals().text())
        .bind("preload", charge.preloadMillis())
        .bind("execution", charge.executionMillis())
        .bind("cpu", ChargeText.micros(charge.cpu()))
        .bind("files", charge.attachedFiles())
        .bind("bytes", charge.attachedBytes())
        .bind("cells", charge.cells())
        .bind("alone", charge.aloneMillis())
        .bind("toolRan", charge.toolRan() ? 1L : 0L)
        .bind("minimum", row.tariff().minimum().toMillis())
        .bind("scope", row.tariff().scope().wireName())
        .bind("freeLimit", row.tariff().freePerMonth().toMillis())
        .bind("hourPrice", row.tariff().hourPrice())
        .bind("rule", row.price().rule().wireName())
        .bind("counted", row.price().countedMillis())
        .bind("billed", row.price().billedMillis())
        .bind("free", row.price().freeMillis())
        .bind("monthMillis", row.monthMillis())
        .bind("monthCost", row.monthCost())
        .bind("hash", hash)
        .execute();
  }

  /** Where a chain ends. */
  record Head(long position, Instant recordedAt, long monthMillis, long monthCost, String hash) {
    static final Head START = new Head(0, Instant.EPOCH, 0, 0, LedgerChain.START);

    static Head of(ResultSet row) throws SQLException {
      return new Head(
          row.getLong("position"),
          Columns.instant(row, "recorded_at"),
          row.getLong("month_ms"),
          row.getLong("month_cost"),
          row.getString("hash"));
    }
  }
}
