package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.testkit.EventSocket.Event;
import dev.caisson.wire.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Streamed messages: how tests ask for them, write them down and put them together. */
final class StreamedMessages {
  private StreamedMessages() {}

  /** All events but the pings, which come as time passes. */
  static List<Event> events(RunningCaisson caisson, ObjectNode request) {
    try (EventSocket stream = EventSocket.message(caisson, request)) {
      assertThat(stream.status()).isEqualTo(200);
      List<Event> events = new ArrayList<>(stream.rest());
      events.removeIf(event -> event.name().equals("ping"));
      assertThat(events.getFirst().name()).isEqualTo("message_start");
      events.forEach(
          event -> assertThat(event.json().path("type").asString()).isEqualTo(event.name()));
      return events;
    }
  }

  /** The blocks as they began. */
  static List<JsonNode> starts(List<Event> events) {
    return events.stream()
        .filter(event -> event.name().equals("content_block_start"))
        .map(event -> event.json().path("content_block"))
        .toList();
  }

  /** The content as a client puts it together. */
  static ArrayNode content(List<Event> events) {
    ArrayNode content = Json.array();
    StringBuilder input = new StringBuilder();
    for (Event event : events) {
      JsonNode json = event.json();
      switch (event.name()) {
        case "content_block_start" -> {
          assertThat(json.path("index").asInt()).isEqualTo(content.size());
          content.add(json.path("content_block"));
          input.setLength(0);
        }
        case "content_block_delta" -> input.append(json.at("/delta/partial_json").asString(""));
        case "content_block_stop" -> {
          if (!input.isEmpty()) {
            ((ObjectNode) content.get(content.size() - 1))
                .set("input", Json.parse(input.toString(), "input"));
          }
        }
        default -> {}
      }
    }
    return content;
  }

  static String text(List<Event> events) {
    StringBuilder text = new StringBuilder();
    events.stream()
        .filter(event -> event.name().equals("content_block_delta"))
        .forEach(event -> text.append(event.json().at("/delta/text").asString("")));
    return text.toString();
  }

  static String blockStart(int index, String block) {
    return "content_block_start {\"type\":\"content_block_start\",\"index\":"
        + index
        + ",\"content_block\":"
        + block
        + "}";
  }

  static String blockDelta(int index, String delta) {
    return "content_block_delta {\"type\":\"content_block_delta\",\"index\":"
        + index
        + ",\"delta\":"
        + delta
        + "}";
  }

  static String blockStop(int index) {
    return "content_block_stop {\"type\":\"content_block_stop\",\"index\":" + index + "}";
  }

  static ObjectNode event(String json) {
    return (ObjectNode) Json.parse(json, "test");
  }

  static ObjectNode command(String command) {
    return Json.object().put("command", command);
  }

  /** A streamed request; without a version it has no code execution tool. */
  static ObjectNode request(String version, String prompt) {
    ObjectNode request =
        Json.object().put("model", "scripted-model").put("max_tokens", 100).put("stream", true);
    request.putArray("messages").addObject().put("role", "user").put("content", prompt);
    if (!version.isEmpty()) {
      request.putArray("tools").addObject().put("type", version).put("name", "code_execution");
    }
    return request;
  }

  /** A script of events, one JSON object on each line. */
  static StreamedReply script(String events) {
    return StreamedReply.events(events.lines().map(StreamedMessages::event).toList());
  }
}
