package dev.caisson.wire;

import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/**
 * One server-sent event. JSON holds no raw line break, so one {@code data} line is enough (WHATWG
 * HTML, "Server-sent events").
 */
public record ServerSentEvent(String name, JsonNode data) {
  /** Sent while nothing else is, so that no proxy takes the silence for the end. */
  public static final String PING = "ping";

  /** The last event of a stream that failed: the envelope of every error. */
  public static final String ERROR = "error";

  /** The bytes on the wire. */
  public byte[] bytes() {
    return ("event: " + name + "\ndata: " + Json.write(data) + "\n\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
