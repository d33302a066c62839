package dev.caisson.messages;

import dev.caisson.domain.Container;
import dev.caisson.domain.IdKind;
import dev.caisson.wire.Json;
import dev.caisson.wire.Timestamps;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Puts a message together. */
final class Reply {
  private Reply() {}

  /** A message of our own making. */
  static ObjectNode own(String model, ArrayNode content, Usage usage) {
    ObjectNode reply =
        Json.object()
            .put("id", IdKind.MESSAGE.next())
            .put("type", "message")
            .put("role", "assistant")
            .put("model", model);
    reply.set("content", content);
    reply.put("stop_reason", "end_turn").putNull("stop_sequence").putNull("stop_details");
    return reply.set("usage", usage.json());
  }

  /**
   * An upstream's last reply of a request as the reply to all of it; what we do not know of passes
   * through.
   */
  static ObjectNode of(ObjectNode last, String model, ArrayNode content, Usage usage) {
    ObjectNode reply = last.deepCopy();
    if (!IdKind.MESSAGE.matches(reply.path("id").asStringOpt().orElse(""))) {
      reply.put("id", IdKind.MESSAGE.next());
    }
    reply.put("type", "message").put("role", "assistant");
    if (!reply.path("model").isString()) {
      reply.put("model", model);
    }
    reply.set("content", content);
    for (String field : new String[] {"stop_reason", "stop_sequence", "stop_details"}) {
      if (!reply.has(field)) {
        reply.putNull(field);
      }
    }
    reply.remove("container");
    return reply.set("usage", usage.json());
  }

  /** Names the container that was used. */
  static ObjectNode withContainer(ObjectNode reply, Optional<Container> container) {
    container.ifPresent(used ->
        reply
            .putObject("container")
            .put("id", used.id().value())
            .put("expires_at", Timestamps.format(used.expiresAt()))
            .putNull("skills"));
    return reply;
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
