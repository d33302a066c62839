package dev.caisson.wire;

import dev.caisson.domain.Cell;
import dev.caisson.domain.OutputStreamKind;
import tools.jackson.databind.node.ObjectNode;

/** The server-sent events of a cell that is streamed. */
public final class CellEvent {
  /** The last event of a cell that ran: {@code {cell}}. */
  public static final String RESULT = "result";

  /** The last event when the cell could not run: the envelope of every error. */
  public static final String ERROR = "error";

  /** Sent while nothing else is, so that no proxy takes the silence for the end. */
  public static final String PING = "ping";

  private CellEvent() {}

  /** The event that carries a piece of output: {@code stdout} or {@code stderr}. */
  public static String name(OutputStreamKind stream) {
    return switch (stream) {
      case STDOUT -> "stdout";
      case STDERR -> "stderr";
    };
  }

  public static ObjectNode output(String text) {
    return Json.object().put("text", text);
  }

  public static ObjectNode result(Cell cell) {
    ObjectNode json = Json.object();
    json.set("cell", CellJson.write(cell));
    return json;
  }
}
