package dev.caisson.wire;

import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/**
 * One server-sent event. JSON holds no raw line break, so one {@code data} line is enough (WHATWG
 * HTML, "Server-sent events").
 */
public record ServerSentEvent(String name, JsonNode data) {
  /** The bytes on the wire. */
  public byte[] bytes() {
    return ("event: " + name + "\ndata: " + Json.write(data) + "\n\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
