package dev.caisson.wire;

import dev.caisson.domain.BillingRule;
import dev.caisson.domain.Charge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Price;
import dev.caisson.domain.Requester;
import dev.caisson.domain.RunId;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageRow;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A row of the ledger as JSON. Amounts are cents as decimal text, as in cost reports. */
public final class UsageJson {
  private UsageJson() {}

  public static ObjectNode write(UsageRow row) {
    Charge charge = row.charge();
    Price price = row.price();
    ObjectNode json =
        Json.object()
            .put("type", "usage")
            .put("position", row.position())
            .put("recorded_at", Timestamps.format(row.recordedAt()))
            .put("request_id", charge.requester().requestId())
            .put("organization_id", charge.requester().organization().value())
            .put("api_key_id", charge.requester().key().map(KeyId::value).orElse(null))
            .put("run_id", charge.run().map(RunId::value).orElse(null))
            .put("billed_with", charge.group().orElse(null))
            .put("container_id", charge.container().value())
            .put("warm_period", charge.epoch())
            .put("started_at", Timestamps.format(charge.startedAt()))
            .put("clock", charge.timeline())
            .put("intervals", charge.intervals().text())
            .put("tool_ran", charge.toolRan())
            .put("cells", charge.cells())
            .put("attached_files", charge.attachedFiles())
            .put("attached_bytes", charge.attachedBytes())
            .put("preload_ms", charge.preloadMillis())
            .put("execution_ms", charge.executionMillis())
            .put("cpu_ms", charge.cpu().toMillis())
            .put("without_reuse_ms", charge.aloneMillis())
            .put("rule", price.rule().wireName())
            .put("counted_ms", price.countedMillis())
            .put("billed_ms", price.billedMillis())
            .put("free_ms", price.freeMillis())
            .put("amount", row.cents().toPlainString())
            .put("currency", "USD")
            .put("month_billed_ms", row.monthMillis())
            .put("month_amount", row.monthCents().toPlainString());
    json.set("tariff", tariff(row.tariff()));
    return json.put("hash", row.hash());
  }

  static ObjectNode tariff(Tariff tariff) {
    return Json.object()
        .put("minimum_ms", tariff.minimum().toMillis())
        .put("minimum_scope", tariff.scope().wireName())
        .put("free_ms_per_month", tariff.freePerMonth().toMillis())
        .put("dollars_per_hour", tariff.dollarsPerHour().toPlainString());
  }

  static Tariff readTariff(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "tariff");
    return new Tariff(
        Duration.ofMillis(number(fields, "minimum_ms")),
        MinimumScope.parse(fields.requiredString("minimum_scope")),
        Duration.ofMillis(number(fields, "free_ms_per_month")),
        Tariff.parsePrice(fields.requiredString("dollars_per_hour")));
  }

  /** Reads what {@link #write} wrote, here or in another version: unknown fields are ignored. */
  public static UsageRow read(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "usage");
    BillingRule rule = BillingRule.parse(fields.requiredString("rule"));
    return new UsageRow(
        number(fields, "position"),
        Instant.parse(fields.requiredString("recorded_at")),
        charge(fields, rule),
        readTariff(fields.requiredAny("tariff")),
        new Price(
            rule,
            number(fields, "counted_ms"),
            number(fields, "billed_ms"),
            number(fields, "free_ms")),
        new BigDecimal(fields.requiredString("amount")),
        number(fields, "month_billed_ms"),
        new BigDecimal(fields.requiredString("month_amount")),
        fields.requiredString("hash"));
  }

  private static Charge charge(JsonFields fields, BillingRule rule) {
    Optional<String> key = fields.string("api_key_id");
    return new Charge(
        new Requester(
            fields.requiredString("request_id"),
            new OrganizationId(fields.requiredString("organization_id")),
            key.map(KeyId::new)),
        fields.string("run_id").map(RunId::new),
        fields.string("billed_with"),
        rule == BillingRule.WEB_TOOL_EXEMPTION,
        new ContainerId(fields.requiredString("container_id")),
        number(fields, "warm_period"),
        fields.requiredString("clock"),
        Instant.parse(fields.requiredString("started_at")),
        Intervals.parse(fields.requiredString("intervals")),
        number(fields, "preload_ms"),
        number(fields, "execution_ms"),
        Duration.ofMillis(number(fields, "cpu_ms")),
        number(fields, "attached_files"),
        number(fields, "attached_bytes"),
        number(fields, "cells"),
        number(fields, "without_reuse_ms"),
        fields.bool("tool_ran").orElse(false));
  }

  static long number(JsonFields fields, String name) {
    return fields.requiredInteger(name, 0, Long.MAX_VALUE);
  }
}
