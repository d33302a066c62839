package dev.caisson.server;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.RebuildListener;
import dev.caisson.domain.Requester;
import dev.caisson.engine.Rebuilds;
import dev.caisson.wire.RebuildJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

/** {@code /v1/containers/{id}/rebuild}, plain or streamed; it ends when the client goes. */
final class RebuildRoutes {
  private final Rebuilds rebuilds;
  private final ServerSettings settings;
  private final Disconnects disconnects;
  private final KeyLimits limits;

  RebuildRoutes(
      Rebuilds rebuilds, ServerSettings settings, Disconnects disconnects, KeyLimits limits) {
    this.rebuilds = rebuilds;
    this.settings = settings;
    this.disconnects = disconnects;
    this.limits = limits;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/containers/{id}/rebuild", this::rebuild);
  }

  private void rebuild(Context context) {
    Exchange exchange = new Exchange(context);
    Requester requester = exchange.requester();
    ContainerId container = exchange.containerId();
    RebuildJson.Request request = RebuildJson.Request.read(exchange.json(settings));
    try (KeyLimits.CellPlace place = limits.place(exchange.key())) {
      place.take();
      exchange.codeMayHaveRun();
      if (request.stream()) {
        stream(exchange, requester, container, request);
        return;
      }
      Rebuild rebuilt =
          disconnects.during(
              context,
              () -> rebuilds.rebuild(requester, container, request.labels(), RebuildListener.NONE));
      exchange.reply(200, RebuildJson.write(rebuilt));
    }
  }

  /** Until the first event is out, an error is an ordinary error reply. */
  private void stream(
      Exchange exchange, Requester requester, ContainerId container, RebuildJson.Request request) {
    try (SseWriter events = new SseWriter(exchange, settings.ping())) {
      events.pingFromNowOn();
      try {
        Rebuild rebuilt =
            disconnects.during(
                exchange.context(),
                () ->
                    rebuilds.rebuild(
                        requester,
                        container,
                        request.labels(),
                        (step, done, all) ->
                            events.send(
                                RebuildJson.STEP, RebuildJson.writeEvent(step, done, all))));
        events.send(RebuildJson.RESULT, RebuildJson.writeResult(rebuilt));
      } catch (RuntimeException e) {
        events.fail(e);
      }
    }
  }
}
