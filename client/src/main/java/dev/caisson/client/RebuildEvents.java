package dev.caisson.client;

import dev.caisson.domain.Rebuild;
import dev.caisson.domain.RebuildListener;
import dev.caisson.wire.RebuildJson;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The events of a rebuild: its steps, then the report. */
record RebuildEvents(RebuildListener listener) implements EventStream.Handler<Rebuild> {
  @Override
  public Optional<Rebuild> event(String name, JsonNode data) {
    if (name.equals(RebuildJson.RESULT)) {
      return Optional.of(RebuildJson.read(data.path("container")));
    }
    if (name.equals(RebuildJson.STEP)) {
      listener.step(
          RebuildJson.readStep(data.path("step")),
          data.path("done").asInt(0),
          data.path("all").asInt(0));
    }
    return Optional.empty();
  }
}
