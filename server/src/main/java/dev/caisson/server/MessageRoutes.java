package dev.caisson.server;

import dev.caisson.messages.Betas;
import dev.caisson.messages.MessageHeaders;
import dev.caisson.messages.Messages;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** {@code POST /v1/messages}, plain and streamed. */
final class MessageRoutes {
  private final Messages messages;
  private final ServerSettings settings;
  private final Disconnects disconnects;
  private final KeyLimits limits;

  MessageRoutes(
      Messages messages, ServerSettings settings, Disconnects disconnects, KeyLimits limits) {
    this.messages = messages;
    this.settings = settings;
    this.disconnects = disconnects;
    this.limits = limits;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/messages", this::create);
  }

  private void create(Context context) {
    Exchange exchange = new Exchange(context);
    MessageHeaders headers = headers(context.req());
    JsonNode request = exchange.json(settings);
    boolean streamed = Messages.wantsStream(request);
    try (KeyLimits.CellPlace place = limits.place(exchange.key())) {
      Runnable beforeRun =
          () -> {
            place.take();
            exchange.codeMayHaveRun();
          };
      if (streamed) {
        stream(exchange, headers, request, beforeRun);
        return;
      }
      exchange.reply(
          200,
          disconnects.during(
              context, () -> messages.create(exchange.requester(), headers, request, beforeRun)));
    }
  }

  /** Until the first event is out, an error is an ordinary error reply. */
  private void stream(
      Exchange exchange, MessageHeaders headers, JsonNode request, Runnable beforeRun) {
    try (SseWriter events = new SseWriter(exchange, settings.ping())) {
      try {
        disconnects.during(
            exchange.context(),
            () ->
                messages.stream(
                    exchange.requester(),
                    headers,
                    request,
                    beforeRun,
                    event -> events.send(event.path("type").asString(), event)));
      } catch (RuntimeException e) {
        events.fail(e);
      }
    }
  }

  /** Refuses betas that nobody knows, whatever the route. */
  static void checkBetas(Context context) {
    Betas.forwarded(betas(context.req()));
  }

  static MessageHeaders headers(HttpServletRequest request) {
    return MessageHeaders.of(
        Optional.ofNullable(request.getHeader("anthropic-version")), betas(request));
  }

  private static List<String> betas(HttpServletRequest request) {
    return Collections.list(request.getHeaders("anthropic-beta"));
  }
}
