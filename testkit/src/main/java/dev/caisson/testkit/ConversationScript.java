package dev.caisson.testkit;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model that does what it is told: the last text of the user is a JSON list of replies, each a
 * list of content blocks, one for each time that the model is asked after it. So a client in
 * another process, or many at a time, can script a {@link ScriptedUpstream}.
 */
public final class ConversationScript implements Function<JsonNode, ObjectNode> {
  @Override
  public ObjectNode apply(JsonNode request) {
    List<JsonNode> messages = List.copyOf(request.path("messages").values());
    int asked = 0;
    for (int i = messages.size() - 1; i >= 0; i--) {
      JsonNode message = messages.get(i);
      if (message.path("role").asString().equals("assistant")) {
        asked++;
      } else {
        JsonNode script = script(message);
        if (script.isArray()) {
          return reply(script.path(asked));
        }
      }
    }
    return ModelReply.saying("the conversation has no script");
  }

  /** The list in the last text of a message; a missing node when there is none. */
  private static JsonNode script(JsonNode message) {
    JsonNode content = message.path("content");
    String text = content.asStringOpt().orElse("");
    for (JsonNode block : content) {
      text = block.path("text").asStringOpt().orElse(text);
    }
    if (!text.startsWith("[")) {
      return Json.object().path("nothing");
    }
    try {
      return Json.parse(text, "script");
    } catch (CaissonException.InvalidRequest e) {
      return Json.object().path("nothing");
    }
  }

  private static ObjectNode reply(JsonNode blocks) {
    if (!blocks.isArray()) {
      return ModelReply.saying("the script has ended");
    }
    ModelReply reply = ModelReply.of();
    for (JsonNode block : blocks) {
      if (block.path("type").asString().equals("tool_use")) {
        reply.call(
            block.path("id").asString(),
            block.path("name").asString(),
            (ObjectNode) block.path("input"));
      } else {
        reply.block((ObjectNode) block);
      }
    }
    return reply.build();
  }
}
