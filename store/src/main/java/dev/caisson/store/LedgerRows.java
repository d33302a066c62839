package dev.caisson.store;

import dev.caisson.domain.BillingRule;
import dev.caisson.domain.Charge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Price;
import dev.caisson.domain.Requester;
import dev.caisson.domain.RunId;
import dev.caisson.domain.Tariff;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.statement.StatementContext;

/** Reads rows of the ledger. */
final class LedgerRows {
  private LedgerRows() {}

  static LedgerRow row(ResultSet row, StatementContext context) throws SQLException {
    OrganizationId organization = new OrganizationId(row.getString("organization_id"));
    return new LedgerRow(
        organization,
        row.getLong("position"),
        Columns.instant(row, "recorded_at"),
        charge(row, organization),
        new Tariff(
            Duration.ofMillis(row.getLong("minimum_ms")),
            MinimumScope.parse(row.getString("minimum_scope")),
            Duration.ofMillis(row.getLong("free_limit_ms")),
            row.getLong("hour_price")),
        new Price(
            BillingRule.parse(row.getString("billing_rule")),
            row.getLong("counted_ms"),
            row.getLong("billed_ms"),
            row.getLong("free_ms")),
        row.getLong("month_ms"),
        row.getLong("month_cost"),
        row.getString("hash"));
  }

  private static Charge charge(ResultSet row, OrganizationId organization) throws SQLException {
    return new Charge(
        new Requester(
            row.getString("request_id"),
            organization,
            Optional.ofNullable(row.getString("key_id")).map(KeyId::new)),
        Optional.ofNullable(row.getString("run_id")).map(RunId::new),
        Optional.ofNullable(row.getString("group_id")),
        row.getLong("exempt") != 0,
        new ContainerId(row.getString("container_id")),
        row.getLong("epoch"),
        row.getString("timeline"),
        Columns.instant(row, "started_at"),
        Intervals.parse(row.getString("intervals")),
        row.getLong("preload_ms"),
        row.getLong("execution_ms"),
        Duration.ofNanos(row.getLong("cpu_us") * 1000),
        row.getLong("attached_files"),
        row.getLong("attached_bytes"),
        row.getLong("cells"),
        row.getLong("alone_ms"),
        row.getLong("tool_ran") != 0);
  }
}
