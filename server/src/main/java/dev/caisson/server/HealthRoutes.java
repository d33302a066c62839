package dev.caisson.server;

import dev.caisson.engine.Engine;
import dev.caisson.wire.Json;
import io.javalin.config.RoutesConfig;

/** {@code /healthz}: the process answers. {@code /readyz}: a cell can run. Neither needs a key. */
final class HealthRoutes {
  private final Engine engine;

  HealthRoutes(Engine engine) {
    this.engine = engine;
  }

  void register(RoutesConfig routes) {
    routes.get(
        "/healthz", context -> new Exchange(context).reply(200, Json.object().put("status", "ok")));
    routes.get(
        "/readyz",
        context -> {
          boolean ready = engine.ready();
          new Exchange(context)
              .reply(ready ? 200 : 503, Json.object().put("status", ready ? "ready" : "not_ready"));
        });
  }
}
