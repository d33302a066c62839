package dev.caisson.server;

import dev.caisson.domain.Fork;
import dev.caisson.engine.Forks;
import dev.caisson.wire.ForkJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.Map;
import java.util.Optional;

/** {@code /v1/containers/{id}/fork}; the copy ends when the client goes. */
final class ForkRoutes {
  private final Forks forks;
  private final ServerSettings settings;
  private final Disconnects disconnects;

  ForkRoutes(Forks forks, ServerSettings settings, Disconnects disconnects) {
    this.forks = forks;
    this.settings = settings;
    this.disconnects = disconnects;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/containers/{id}/fork", this::fork);
  }

  private void fork(Context context) {
    Exchange exchange = new Exchange(context);
    Optional<Map<String, String>> labels = ForkJson.readRequest(exchange.json(settings));
    Fork made =
        disconnects.during(
            context, () -> forks.fork(exchange.organization(), exchange.containerId(), labels));
    exchange.reply(200, ForkJson.write(made));
  }
}
