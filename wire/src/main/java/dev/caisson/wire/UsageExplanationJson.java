package dev.caisson.wire;

import dev.caisson.domain.BillingRule;
import dev.caisson.domain.UsageExplanation;
import java.math.BigDecimal;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A bill and what it might have been, as JSON. */
public final class UsageExplanationJson {
  private UsageExplanationJson() {}

  public static ObjectNode write(UsageExplanation explanation) {
    ObjectNode json =
        Json.object()
            .put("type", "usage_explanation")
            .put("requests", explanation.requests())
            .put("containers", explanation.containers())
            .put("cells", explanation.cells())
            .put("used_ms", explanation.usedMillis())
            .put("billed_ms", explanation.billedMillis())
            .put("free_ms", explanation.freeMillis())
            .put("amount", explanation.cents().toPlainString())
            .put("currency", "USD")
            .put("added_by_minimum_ms", explanation.minimumMillis());
    ArrayNode rules = json.putArray("rules");
    for (UsageExplanation.Line line : explanation.rules()) {
      rules
          .addObject()
          .put("rule", line.rule().wireName())
          .put("requests", line.requests())
          .put("used_ms", line.usedMillis())
          .put("billed_ms", line.billedMillis());
    }
    json.putObject("would_be")
        .put("minimum_per_request_ms", explanation.perRequestMillis())
        .put("minimum_per_container_ms", explanation.perContainerMillis())
        .put("without_reuse_ms", explanation.withoutReuseMillis());
    json.putObject("brought_files_and_ran_nothing")
        .put("requests", explanation.idle().requests())
        .put("files", explanation.idle().files())
        .put("bytes", explanation.idle().bytes())
        .put("billed_ms", explanation.idle().billedMillis());
    json.set("tariff", UsageJson.tariff(explanation.tariff()));
    return json;
  }

  /** Reads what {@link #write} wrote, here or in another version: unknown fields are ignored. */
  public static UsageExplanation read(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "explanation");
    JsonFields wouldBe = JsonFields.of(fields.requiredAny("would_be"), "would_be");
    return new UsageExplanation(
        UsageJson.number(fields, "requests"),
        UsageJson.number(fields, "containers"),
        UsageJson.number(fields, "cells"),
        rules(fields),
        UsageJson.number(fields, "used_ms"),
        UsageJson.number(fields, "billed_ms"),
        UsageJson.number(fields, "free_ms"),
        new BigDecimal(fields.requiredString("amount")),
        fields.requiredInteger("added_by_minimum_ms", Long.MIN_VALUE, Long.MAX_VALUE),
        UsageJson.number(wouldBe, "minimum_per_request_ms"),
        UsageJson.number(wouldBe, "minimum_per_container_ms"),
        UsageJson.number(wouldBe, "without_reuse_ms"),
        idle(fields.requiredAny("brought_files_and_ran_nothing")),
        UsageJson.readTariff(fields.requiredAny("tariff")));
  }

  private static List<UsageExplanation.Line> rules(JsonFields fields) {
    return fields.array("rules").stream()
        .map(node -> JsonFields.of(node, "rules"))
        .map(line ->
            new UsageExplanation.Line(
                BillingRule.parse(line.requiredString("rule")),
                UsageJson.number(line, "requests"),
                UsageJson.number(line, "used_ms"),
                UsageJson.number(line, "billed_ms")))
        .toList();
  }

  private static UsageExplanation.Idle idle(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "idle");
    return new UsageExplanation.Idle(
        UsageJson.number(fields, "requests"),
        UsageJson.number(fields, "files"),
        UsageJson.number(fields, "bytes"),
        UsageJson.number(fields, "billed_ms"));
  }
}
