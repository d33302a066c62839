package dev.caisson.messages;

import dev.caisson.wire.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The events of one block. */
final class BlockEvents {
  private BlockEvents() {}

  static ObjectNode start(int index, JsonNode block) {
    ObjectNode event = Json.object().put("type", "content_block_start").put("index", index);
    // What becomes of the block afterwards is not part of this event.
    return event.set("content_block", block.deepCopy());
  }

  static ObjectNode delta(int index, JsonNode delta) {
    ObjectNode event = Json.object().put("type", "content_block_delta").put("index", index);
    return event.set("delta", delta);
  }

  static ObjectNode stop(int index) {
    return Json.object().put("type", "content_block_stop").put("index", index);
  }

  /**
   * A whole block as its events. What clients put together from pieces comes in pieces: text,
   * thinking and inputs; all else, results above all, comes whole at its start.
   */
  static List<ObjectNode> of(int index, JsonNode block) {
    List<ObjectNode> events = new ArrayList<>();
    if (block instanceof ObjectNode object) {
      ObjectNode begun = object.deepCopy();
      List<ObjectNode> deltas = deltas(begun);
      events.add(start(index, begun));
      deltas.forEach(delta -> events.add(delta(index, delta)));
    } else {
      events.add(start(index, block));
    }
    events.add(stop(index));
    return events;
  }

  /** Takes out of a block what comes in pieces. */
  private static List<ObjectNode> deltas(ObjectNode block) {
    List<ObjectNode> deltas = new ArrayList<>();
    String type = ResultBlocks.type(block);
    switch (type) {
      case "text" -> {
        text(block, "text", "text_delta", deltas);
        if (block.get("citations") instanceof ArrayNode citations) {
          for (JsonNode citation : citations) {
            ObjectNode delta = Json.object().put("type", "citations_delta");
            deltas.add(delta.set("citation", citation));
          }
          block.putArray("citations");
        }
      }
      case "thinking" -> {
        text(block, "thinking", "thinking_delta", deltas);
        text(block, "signature", "signature_delta", deltas);
      }
      case "tool_use", ResultBlocks.CALL, "mcp_tool_use" -> {
        if (block.get("input") instanceof ObjectNode input) {
          deltas.add(
              Json.object().put("type", "input_json_delta").put("partial_json", Json.write(input)));
          block.putObject("input");
        }
      }
      default -> {
        // Whole at its start.
      }
    }
    return deltas;
  }

  private static void text(
      ObjectNode block, String field, String deltaType, List<ObjectNode> deltas) {
    String text = block.path(field).asStringOpt().orElse("");
    if (!text.isEmpty()) {
      deltas.add(Json.object().put("type", deltaType).put(field, text));
      block.put(field, "");
    }
  }
}
