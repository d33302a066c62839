package dev.caisson.messages;

import dev.caisson.wire.Json;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The usage of several replies as one: numbers are added up wherever they stand, known or not; of
 * anything else the latest counts. For use by one thread.
 */
final class Usage {
  private static final int MAX_SCALE = 100;

  private final ObjectNode total = Json.object();

  void add(JsonNode usage) {
    if (usage.isObject()) {
      add(total, usage);
    }
  }

  void add(long inputTokens, long outputTokens) {
    add(Json.object().put("input_tokens", inputTokens).put("output_tokens", outputTokens));
  }

  /** The total, with the fields that typed SDKs cannot do without. */
  ObjectNode json() {
    ObjectNode json = total.deepCopy();
    for (String field : new String[] {"input_tokens", "output_tokens"}) {
      if (!json.path(field).isNumber()) {
        json.put(field, 0);
      }
    }
    for (String field : new String[] {"cache_creation_input_tokens", "cache_read_input_tokens"}) {
      if (!json.has(field)) {
        json.put(field, 0);
      }
    }
    ObjectNode tools =
        json.path("server_tool_use").isObject()
            ? (ObjectNode) json.get("server_tool_use")
            : json.putObject("server_tool_use");
    for (String field : new String[] {"web_search_requests", "web_fetch_requests"}) {
      if (!tools.path(field).isNumber()) {
        tools.put(field, 0);
      }
    }
    return json;
  }

  private static void add(ObjectNode sum, JsonNode more) {
    for (Map.Entry<String, JsonNode> field : more.properties()) {
      JsonNode before = sum.path(field.getKey());
      JsonNode value = field.getValue();
      if (value.isNull() && !before.isMissingNode()) {
        continue;
      }
      if (value.isObject() && before.isObject()) {
        add((ObjectNode) before, value);
      } else if (isCount(value) && isCount(before)) {
        sum.put(field.getKey(), before.longValue() + value.longValue());
      } else if (isSmallDecimal(value) && isSmallDecimal(before)) {
        sum.put(field.getKey(), before.decimalValue().add(value.decimalValue()));
      } else {
        sum.set(field.getKey(), value.deepCopy());
      }
    }
  }

  private static boolean isCount(JsonNode value) {
    return value.isIntegralNumber() && value.canConvertToLong();
  }

  /** Adding decimals of far-off exponents could take all memory there is. */
  private static boolean isSmallDecimal(JsonNode value) {
    return value.isNumber() && Math.abs(value.decimalValue().scale()) <= MAX_SCALE;
  }
}
