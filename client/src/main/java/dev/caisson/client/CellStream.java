package dev.caisson.client;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.wire.CellEvent;
import dev.caisson.wire.CellJson;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.ServerSentEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads the events of a cell while it runs (WHATWG HTML, "Server-sent events"). Closing the
 * connection before the last event is how a cell is cancelled.
 */
final class CellStream {
  private final OutputListener listener;

  CellStream(OutputListener listener) {
    this.listener = listener;
  }

  /** Asks for the cell and waits for its end. */
  Cell read(HttpCalls calls, String path, byte[] request) {
    try (InputStream body = calls.stream(path, request);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      Cell cell = events(lines);
      if (cell == null) {
        throw new CaissonException.Internal(
            "the server ended the reply before the cell's result; the cell may have run");
      }
      return cell;
    } catch (IOException e) {
      throw calls.broken("the connection broke while the cell ran; it may have run on", e);
    }
  }

  private @Nullable Cell events(BufferedReader lines) throws IOException {
    String name = "";
    StringBuilder data = new StringBuilder();
    String line;
    while ((line = lines.readLine()) != null) {
      if (line.isEmpty()) {
        Cell cell = event(name, data.toString());
        if (cell != null) {
          return cell;
        }
        name = "";
        data.setLength(0);
      } else if (line.startsWith("event:")) {
        name = line.substring("event:".length()).strip();
      } else if (line.startsWith("data:")) {
        data.append(data.isEmpty() ? "" : "\n").append(line.substring("data:".length()));
      }
    }
    return null;
  }

  /** The cell, when the event is the last one; events of a later server's are passed over. */
  private @Nullable Cell event(String name, String data) {
    if (name.equals(CellEvent.RESULT)) {
      return CellJson.read(json(data).path("cell"));
    }
    if (name.equals(ServerSentEvent.ERROR)) {
      JsonNode error = json(data);
      throw ErrorJson.read(
          status(error.path("error").path("code").asString("")), error, Optional.empty());
    }
    for (OutputStreamKind stream : OutputStreamKind.values()) {
      if (name.equals(CellEvent.name(stream))) {
        listener.output(stream, json(data).path("text").asString(""));
      }
    }
    return null;
  }

  private static JsonNode json(String data) {
    return Json.parse(data, "event of a cell");
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
