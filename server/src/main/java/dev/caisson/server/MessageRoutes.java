package dev.caisson.server;

import dev.caisson.messages.MessageHeaders;
import dev.caisson.messages.Messages;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** {@code POST /v1/messages}. */
final class MessageRoutes {
  private final Messages messages;
  private final ServerSettings settings;
  private final Disconnects disconnects;

  MessageRoutes(Messages messages, ServerSettings settings, Disconnects disconnects) {
    this.messages = messages;
    this.settings = settings;
    this.disconnects = disconnects;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/messages", this::create);
  }

  private void create(Context context) {
    Exchange exchange = new Exchange(context);
    MessageHeaders headers = headers(context.req());
    JsonNode request = exchange.json(settings);
    exchange.reply(
        200,
        disconnects.during(
            context,
            () ->
                messages.create(
                    exchange.organization(), headers, request, exchange::codeMayHaveRun)));
  }

  private static MessageHeaders headers(HttpServletRequest request) {
    List<String> betas = Collections.list(request.getHeaders("anthropic-beta"));
    return MessageHeaders.of(Optional.ofNullable(request.getHeader("anthropic-version")), betas);
  }
}
