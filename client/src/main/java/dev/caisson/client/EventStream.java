package dev.caisson.client;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.ServerSentEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Reads the events of work that goes on while it is read (WHATWG HTML, "Server-sent events").
 * Closing the connection before the last event is how the work is cancelled.
 *
 * @param what the work is, for messages, such as "cell"
 */
record EventStream(HttpCalls calls, String what) {
  /** What becomes of an event. */
  interface Handler<T> {
    /** The result, when the event is the last one; events of a later server's are passed over. */
    Optional<T> event(String name, JsonNode data);
  }

  /** Asks for the work and waits for its end. */
  <T> T read(String path, byte[] request, Handler<T> handler) {
    try (InputStream body = calls.stream(path, request);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      return events(lines, handler)
          .orElseThrow(() ->
              new CaissonException.Internal(
                  "the server ended the reply before the "
                      + what
                      + "'s result; the code may have run"));
    } catch (IOException e) {
      throw calls.broken("the connection broke during the " + what + "; it may have run on", e);
    }
  }

  private <T> Optional<T> events(BufferedReader lines, Handler<T> handler) throws IOException {
    String name = "";
    StringBuilder data = new StringBuilder();
    String line;
    while ((line = lines.readLine()) != null) {
      if (line.isEmpty()) {
        Optional<T> result = event(name, data.toString(), handler);
        if (result.isPresent()) {
          return result;
        }
        name = "";
        data.setLength(0);
      } else if (line.startsWith("event:")) {
        name = line.substring("event:".length()).strip();
      } else if (line.startsWith("data:")) {
        data.append(data.isEmpty() ? "" : "\n").append(line.substring("data:".length()));
      }
    }
    return Optional.empty();
  }

  private <T> Optional<T> event(String name, String data, Handler<T> handler) {
    if (name.isEmpty() && data.isEmpty()) {
      return Optional.empty();
    }
    JsonNode json = Json.parse(data, "event of a " + what);
    if (name.equals(ServerSentEvent.ERROR)) {
      throw ErrorJson.read(
          status(json.path("error").path("code").asString("")), json, Optional.empty());
    }
    return handler.event(name, json);
  }

  /** An error inside a stream has no status of its own; its code tells what it would have been. */
  private static int status(String code) {
    return switch (code) {
      case "invalid_request" -> 400;
      case "unauthenticated" -> 401;
      case "permission_denied" -> 403;
      case "not_found" -> 404;
      case "conflict" -> 409;
      case "container_expired" -> 410;
      case "too_large" -> 413;
      case "busy" -> 429;
      default -> 500;
    };
  }
}
