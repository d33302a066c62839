package dev.caisson.wire;

import dev.caisson.domain.CostDay;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A cost report in the shape of the hosted service's. */
public final class CostReportJson {
  private CostReportJson() {}

  /**
   * Writes a bucket for each day.
   *
   * @param next asks for the days that follow; empty at the end
   */
  public static ObjectNode write(List<CostDay> days, Optional<String> next) {
    ObjectNode json = Json.object();
    ArrayNode data = json.putArray("data");
    for (CostDay day : days) {
      ObjectNode bucket =
          data.addObject().put("starting_at", start(day, 0)).put("ending_at", start(day, 1));
      ArrayNode results = bucket.putArray("results");
      day.cents().ifPresent(cents -> result(results.addObject(), cents.toPlainString()));
    }
    return json.put("has_more", next.isPresent()).put("next_page", next.orElse(null));
  }

  private static String start(CostDay day, long daysLater) {
    return day.day().plusDays(daysLater).atStartOfDay(ZoneOffset.UTC).toInstant().toString();
  }

  private static void result(ObjectNode result, String cents) {
    result
        .put("amount", cents)
        .put("currency", "USD")
        .put("cost_type", "code_execution")
        .put("description", "Code Execution Usage");
    for (String absent :
        List.of(
            "workspace_id",
            "model",
            "token_type",
            "service_tier",
            "context_window",
            "inference_geo")) {
      result.putNull(absent);
    }
  }
}
