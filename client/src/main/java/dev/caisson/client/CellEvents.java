package dev.caisson.client;

import dev.caisson.domain.Cell;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.wire.CellEvent;
import dev.caisson.wire.CellJson;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The events of a cell: pieces of its output, then the cell. */
record CellEvents(OutputListener listener) implements EventStream.Handler<Cell> {
  @Override
  public Optional<Cell> event(String name, JsonNode data) {
    if (name.equals(CellEvent.RESULT)) {
      return Optional.of(CellJson.read(data.path("cell")));
    }
    for (OutputStreamKind stream : OutputStreamKind.values()) {
      if (name.equals(CellEvent.name(stream))) {
        listener.output(stream, data.path("text").asString(""));
      }
    }
    return Optional.empty();
  }
}
