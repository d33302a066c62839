package dev.caisson.wire;

import dev.caisson.domain.Cell;
import dev.caisson.domain.OutputStreamKind;
import tools.jackson.databind.node.ObjectNode;

/** The server-sent events of a cell that is streamed. */
public final class CellEvent {
  /** The last event of a cell that ran: {@code {cell}}. */
  public static final String RESULT = "result";

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
