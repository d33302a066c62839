package dev.caisson.server;

import dev.caisson.domain.CursorPage;
import dev.caisson.messages.MessageHeaders;
import dev.caisson.messages.Messages;
import dev.caisson.messages.Models;
import dev.caisson.messages.TokenCount;
import dev.caisson.wire.CursorPageJson;
import dev.caisson.wire.Json;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/models}, and {@code /v1/messages/count_tokens}. */
final class ModelRoutes {
  /** Says that the number of tokens is a guess of ours; the reply itself has no place for it. */
  private static final String ESTIMATED = "caisson-estimated";

  private final Messages messages;
  private final ServerSettings settings;
  private final Disconnects disconnects;

  ModelRoutes(Messages messages, ServerSettings settings, Disconnects disconnects) {
    this.messages = messages;
    this.settings = settings;
    this.disconnects = disconnects;
  }

  void register(RoutesConfig routes) {
    routes.get("/v1/models", this::list);
    // Names of models may have slashes.
    routes.get("/v1/models/<id>", this::read);
    routes.post("/v1/messages/count_tokens", this::countTokens);
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    Set<String> lifecycles =
        Stream.of("lifecycle", "lifecycle[]")
            .flatMap(name -> context.queryParams(name).stream())
            .collect(Collectors.toSet());
    Models models = messages.models();
    CursorPage<ObjectNode> page =
        disconnects.during(context, () -> models.list(exchange.cursor(), lifecycles));
    exchange.reply(200, CursorPageJson.write(page, model -> model));
  }

  private void read(Context context) {
    String id = context.pathParam("id");
    new Exchange(context).reply(200, disconnects.during(context, () -> messages.models().get(id)));
  }

  private void countTokens(Context context) {
    Exchange exchange = new Exchange(context);
    MessageHeaders headers = MessageRoutes.headers(context.req());
    JsonNode request = exchange.json(settings);
    TokenCount count =
        disconnects.during(
            context, () -> messages.countTokens(exchange.organization(), headers, request));
    if (count.estimated()) {
      context.header(ESTIMATED, "true");
    }
    exchange.reply(200, Json.object().put("input_tokens", count.inputTokens()));
  }
}
