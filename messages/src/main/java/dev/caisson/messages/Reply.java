package dev.caisson.messages;

import dev.caisson.domain.Container;
import dev.caisson.domain.IdKind;
import dev.caisson.wire.Json;
import dev.caisson.wire.Timestamps;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The beginning and the end of a message, as typed SDKs need them. */
final class Reply {
  private static final List<String> STOP_FIELDS =
      List.of("stop_reason", "stop_sequence", "stop_details");

  private Reply() {}

  /** The beginning of a message of our own making. */
  static ObjectNode own(String model) {
    return start(Json.object(), model);
  }

  /** The beginning of an upstream's message; what we do not know of passes through. */
  static ObjectNode start(ObjectNode given, String model) {
    ObjectNode message = given.deepCopy();
    if (!IdKind.MESSAGE.matches(message.path("id").asStringOpt().orElse(""))) {
      message.put("id", IdKind.MESSAGE.next());
    }
    message.put("type", "message").put("role", "assistant");
    if (!message.path("model").isString()) {
      message.put("model", model);
    }
    message.putArray("content");
    STOP_FIELDS.forEach(message::putNull);
    // Accumulators take the container of the end; one at the start would hide it.
    message.remove("container");
    Usage usage = new Usage();
    usage.add(given.path("usage"));
    return message.set("usage", usage.json());
  }

  /** The end of a message. */
  static ObjectNode ending(String stopReason) {
    ObjectNode ending = Json.object().put("type", "message_delta");
    ending
        .putObject("delta")
        .put("stop_reason", stopReason)
        .putNull("stop_sequence")
        .putNull("stop_details");
    return ending;
  }

  /** The end that a whole message of an upstream has. */
  static ObjectNode ending(ObjectNode message) {
    ObjectNode ending = message.deepCopy();
    ending.remove(List.of("id", "role", "model", "content", "usage", "container"));
    ObjectNode delta = Json.object();
    for (String field : STOP_FIELDS) {
      JsonNode value = ending.remove(field);
      if (value == null) {
        delta.putNull(field);
      } else {
        delta.set(field, value);
      }
    }
    ending.put("type", "message_delta");
    return ending.set("delta", delta);
  }

  static ObjectNode container(Container container, RequestedSkills skills) {
    ObjectNode json =
        Json.object()
            .put("id", container.id().value())
            .put("expires_at", Timestamps.format(container.expiresAt()));
    skills
        .json()
        .ifPresentOrElse(mounted -> json.set("skills", mounted), () -> json.putNull("skills"));
    return json;
  }

  /** A block as the client is to see it: a client tool's call names its caller. */
  static JsonNode clientBlock(JsonNode block) {
    if (ResultBlocks.type(block).equals("tool_use") && !block.has("caller")) {
      ObjectNode use = ((ObjectNode) block).deepCopy();
      use.putObject("caller").put("type", "direct");
      return use;
    }
    return block;
  }
}
