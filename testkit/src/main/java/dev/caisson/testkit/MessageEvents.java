package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A whole message as the events that the hosted API streams it with. */
final class MessageEvents {
  private final int chunkChars;
  private final List<ObjectNode> events = new ArrayList<>();

  private MessageEvents(int chunkChars) {
    this.chunkChars = chunkChars;
  }

  /** The events, with texts and inputs in pieces of that many characters. */
  static List<ObjectNode> of(ObjectNode message, int chunkChars) {
    MessageEvents made = new MessageEvents(chunkChars);
    made.start(message);
    JsonNode content = message.path("content");
    for (int i = 0; i < content.size(); i++) {
      made.block(i, (ObjectNode) content.get(i));
    }
    made.end(message);
    return List.copyOf(made.events);
  }

  private void start(ObjectNode message) {
    ObjectNode begun = message.deepCopy();
    begun.putArray("content");
    begun.putNull("stop_reason").putNull("stop_sequence");
    if (begun.path("usage") instanceof ObjectNode usage) {
      usage.put("output_tokens", 1);
    }
    event("message_start").set("message", begun);
    event("ping");
  }

  private void block(int index, ObjectNode block) {
    ObjectNode begun = block.deepCopy();
    ObjectNode start = event("content_block_start").put("index", index);
    start.set("content_block", begun);
    switch (block.path("type").asString()) {
      case "text" -> pieces(index, begun, "text", "text_delta");
      case "thinking" -> {
        pieces(index, begun, "thinking", "thinking_delta");
        String signature = begun.path("signature").asString("");
        delta(index, "signature_delta").put("signature", signature);
        begun.put("signature", "");
      }
      case "tool_use" -> {
        String input = Json.write(begun.path("input"));
        begun.putObject("input");
        delta(index, "input_json_delta").put("partial_json", "");
        for (String piece : pieces(input)) {
          delta(index, "input_json_delta").put("partial_json", piece);
        }
      }
      default -> {
        // Comes whole.
      }
    }
    event("content_block_stop").put("index", index);
  }

  private void end(ObjectNode message) {
    ObjectNode end = event("message_delta");
    ObjectNode delta = end.putObject("delta");
    delta.set("stop_reason", message.path("stop_reason"));
    delta.set("stop_sequence", message.path("stop_sequence"));
    end.set("usage", message.path("usage"));
    event("message_stop");
  }

  private void pieces(int index, ObjectNode begun, String field, String type) {
    for (String piece : pieces(begun.path(field).asString(""))) {
      delta(index, type).put(field, piece);
    }
    begun.put(field, "");
  }

  private List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(text.length(), from + chunkChars);
      // A surrogate pair is one character of the JSON that carries it.
      if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
        to++;
      }
      pieces.add(text.substring(from, to));
      from = to;
    }
    return pieces;
  }

  private ObjectNode delta(int index, String type) {
    return event("content_block_delta").put("index", index).putObject("delta").put("type", type);
  }

  private ObjectNode event(String type) {
    ObjectNode event = Json.object().put("type", type);
    events.add(event);
    return event;
  }
}
