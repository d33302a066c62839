package dev.caisson.server;

import dev.caisson.domain.Container;
import dev.caisson.engine.Containers;
import dev.caisson.wire.ContainerJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.PageJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

/** {@code /v1/containers}: create, list, read, delete. */
final class ContainerRoutes {
  private final Containers containers;
  private final ServerSettings settings;

  ContainerRoutes(Containers containers, ServerSettings settings) {
    this.containers = containers;
    this.settings = settings;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/containers", this::create);
    routes.get("/v1/containers", this::list);
    routes.get("/v1/containers/{id}", this::read);
    routes.delete("/v1/containers/{id}", this::delete);
  }

  private void create(Context context) {
    Exchange exchange = new Exchange(context);
    Container made =
        containers.create(exchange.requester(), ContainerJson.readSpec(exchange.json(settings)));
    exchange.reply(200, ContainerJson.write(made));
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200,
        PageJson.write(
            containers.list(exchange.organization(), exchange.page()), ContainerJson::write));
  }

  private void read(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200, ContainerJson.write(containers.get(exchange.organization(), exchange.containerId())));
  }

  private void delete(Context context) {
    Exchange exchange = new Exchange(context);
    Container ended = containers.delete(exchange.organization(), exchange.containerId());
    exchange.reply(
        200, Json.object().put("id", ended.id().value()).put("type", "container_deleted"));
  }
}
