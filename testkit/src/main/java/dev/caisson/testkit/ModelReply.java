package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Builds a reply of a model, block by block. For use by one thread. */
public final class ModelReply {
  private static final AtomicLong NUMBER = new AtomicLong();

  private final ArrayNode content = Json.array();
  private final ObjectNode usage = Json.object().put("input_tokens", 10).put("output_tokens", 5);
  private String stopReason = "end_turn";

  private ModelReply() {}

  public static ModelReply of() {
    return new ModelReply();
  }

  /** A reply that is one text. */
  public static ObjectNode saying(String text) {
    return of().text(text).build();
  }

  /** A reply that calls bash once. */
  public static ObjectNode bash(String command) {
    return of().call("bash_code_execution", Json.object().put("command", command)).build();
  }

  public ModelReply text(String text) {
    content.addObject().put("type", "text").put("text", text);
    return this;
  }

  /** A block of any type. */
  public ModelReply block(ObjectNode block) {
    content.add(block);
    return this;
  }

  /** A call of a tool, under a fresh id. */
  public ModelReply call(String name, ObjectNode input) {
    return call("toolu_script" + NUMBER.incrementAndGet(), name, input);
  }

  /** A call of a tool. */
  public ModelReply call(String id, String name, ObjectNode input) {
    content.addObject().put("type", "tool_use").put("id", id).put("name", name).set("input", input);
    stopReason = "tool_use";
    return this;
  }

  public ModelReply stop(String reason) {
    stopReason = reason;
    return this;
  }

  public ModelReply usage(String field, long count) {
    usage.put(field, count);
    return this;
  }

  public ObjectNode build() {
    ObjectNode message =
        Json.object()
            .put("id", "msg_script" + NUMBER.incrementAndGet())
            .put("type", "message")
            .put("role", "assistant")
            .put("model", "scripted-model");
    message.set("content", content);
    message.put("stop_reason", stopReason).putNull("stop_sequence");
    return message.set("usage", usage);
  }
}
