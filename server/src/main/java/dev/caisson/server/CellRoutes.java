package dev.caisson.server;

import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.Requester;
import dev.caisson.engine.Cells;
import dev.caisson.wire.CellEvent;
import dev.caisson.wire.CellJson;
import dev.caisson.wire.CellRequestJson;
import dev.caisson.wire.PageJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

/** {@code /v1/containers/{id}/cells}: run, plain or streamed, and the history. */
final class CellRoutes {
  private final Cells cells;
  private final ServerSettings settings;
  private final Disconnects disconnects;
  private final KeyLimits limits;

  CellRoutes(Cells cells, ServerSettings settings, Disconnects disconnects, KeyLimits limits) {
    this.cells = cells;
    this.settings = settings;
    this.disconnects = disconnects;
    this.limits = limits;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/containers/{id}/cells", this::run);
    routes.get("/v1/containers/{id}/cells", this::list);
    routes.get("/v1/containers/{id}/cells/{cell}", this::read);
  }

  private void run(Context context) {
    Exchange exchange = new Exchange(context);
    Requester requester = exchange.requester();
    ContainerId container = exchange.containerId();
    CellRequestJson request = CellRequestJson.read(exchange.json(settings));
    try (KeyLimits.CellPlace place = limits.place(exchange.key())) {
      place.take();
      if (request.stream()) {
        stream(exchange, requester, container, request.spec());
        return;
      }
      exchange.codeMayHaveRun();
      Cell cell =
          disconnects.during(
              context, () -> cells.run(requester, container, request.spec(), OutputListener.NONE));
      exchange.reply(200, CellJson.write(cell));
    }
  }

  /** Until the first event is out, an error is an ordinary error reply. */
  private void stream(
      Exchange exchange, Requester requester, ContainerId container, CellSpec spec) {
    exchange.codeMayHaveRun();
    try (SseWriter events = new SseWriter(exchange, settings.ping())) {
      events.pingFromNowOn();
      try {
        Cell cell =
            disconnects.during(
                exchange.context(),
                () ->
                    cells.run(
                        requester,
                        container,
                        spec,
                        (stream, text) ->
                            events.send(CellEvent.name(stream), CellEvent.output(text))));
        events.send(CellEvent.RESULT, CellEvent.result(cell));
      } catch (RuntimeException e) {
        events.fail(e);
      }
    }
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200,
        PageJson.write(
            cells.list(exchange.organization(), exchange.containerId(), exchange.page()),
            CellJson::write));
  }

  private void read(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200,
        CellJson.write(
            cells.get(exchange.organization(), exchange.containerId(), exchange.cellId())));
  }
}
