package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Speaks to the server whose model answers. Safe for use from many threads. */
final class UpstreamClient implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final int MESSAGE_CHARS = 2000;

  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .version(HttpClient.Version.HTTP_1_1)
          .build();
  private final URI messages;
  private final MessagesSettings settings;

  UpstreamClient(URI base, MessagesSettings settings) {
    this.messages = URI.create(base.toString().replaceAll("/+$", "") + "/v1/messages");
    this.settings = settings;
  }

  /**
   * One reply of the model; throws Upstream with the upstream's own status and message when there
   * is none. Interrupting the thread gives the request up.
   */
  ObjectNode send(ObjectNode request, MessageHeaders headers) {
    HttpResponse<byte[]> response;
    try {
      response = http.send(httpRequest(request, headers), HttpResponse.BodyHandlers.ofByteArray());
    } catch (HttpTimeoutException e) {
      throw unreachable(504, "no reply within " + settings.upstreamTimeout().toSeconds() + " s");
    } catch (IOException e) {
      throw unreachable(502, e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Cancellation.cancelled();
    }
    return response.statusCode() == 200 ? reply(response.body()) : refuse(response);
  }

  private HttpRequest httpRequest(ObjectNode request, MessageHeaders headers) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(messages)
            .timeout(settings.upstreamTimeout())
            .header("content-type", "application/json")
            .header("anthropic-version", headers.version())
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(request)));
    settings.upstreamKey().ifPresent(key -> builder.header("x-api-key", key));
    if (!headers.forwardedBetas().isEmpty()) {
      builder.header("anthropic-beta", String.join(",", headers.forwardedBetas()));
    }
    return builder.build();
  }

  private static ObjectNode reply(byte[] body) {
    JsonNode reply;
    try {
      reply = Json.parse(body, "reply");
    } catch (CaissonException.InvalidRequest e) {
      throw unreadable(e.getMessage());
    }
    if (!reply.isObject()) {
      throw unreadable("the reply is not an object");
    }
    if (!reply.path("content").isArray()) {
      throw unreadable("the reply has no list of content blocks");
    }
    return (ObjectNode) reply;
  }

  private static ObjectNode refuse(HttpResponse<byte[]> response) {
    int status = response.statusCode();
    if (status < 400) {
      throw unreadable("the reply has status " + status);
    }
    String message;
    try {
      message =
          Json.parse(response.body(), "reply")
              .path("error")
              .path("message")
              .asStringOpt()
              .orElse("status " + status);
    } catch (CaissonException.InvalidRequest e) {
      message = "status " + status;
    }
    boolean retryable = status == 408 || status == 409 || status == 429 || status >= 500;
    Optional<String> retryAfter = response.headers().firstValue("retry-after");
    throw new CaissonException.Upstream(
        status, "upstream: " + Clip.to(message, MESSAGE_CHARS), retryable, retryAfter);
  }

  private static CaissonException unreachable(int status, String reason) {
    return new CaissonException.Upstream(
        status, "upstream: " + Clip.to(reason, MESSAGE_CHARS), true, Optional.empty());
  }

  private static CaissonException unreadable(String reason) {
    return new CaissonException.Upstream(
        502, "upstream sent no message: " + reason, false, Optional.empty());
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
