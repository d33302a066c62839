package dev.caisson.messages;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Speaks to the server whose model answers. Safe for use from many threads. */
final class UpstreamClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamClient.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** Twice what a whole request may have; the longest replies seen are far below. */
  private static final ByteSize REPLY_LIMIT = ByteSize.ofMebibytes(64);

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
   * Asks for one reply of the model and hands it over, as events while they come where the upstream
   * streams. Throws Upstream with the upstream's own status and message when there is none.
   * Interrupting the thread gives the request up.
   */
  void ask(ObjectNode request, MessageHeaders headers, UpstreamReply reply) {
    try {
      HttpResponse<UpstreamBody> response = send(httpRequest(request, headers));
      try (UpstreamBody body = response.body()) {
        if (response.statusCode() != 200) {
          throw refusal(response);
        }
        if (isEventStream(response)) {
          readEvents(body, reply);
        } else {
          reply.message(parse(body.rest()));
        }
      }
    } catch (HttpTimeoutException e) {
      throw UpstreamFailure.silent(settings.upstreamTimeout());
    } catch (IOException e) {
      throw UpstreamFailure.broken(reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Cancellation.cancelled();
    }
  }

  /** Returns when the head of the reply is there. */
  private HttpResponse<UpstreamBody> send(HttpRequest request)
      throws IOException, InterruptedException {
    // The timeout of a request itself would, in some JDKs, also end a body that comes slowly.
    CompletableFuture<HttpResponse<UpstreamBody>> response =
        http.sendAsync(request, head -> new UpstreamBody(settings.upstreamTimeout(), REPLY_LIMIT));
    boolean taken = false;
    try {
      HttpResponse<UpstreamBody> head =
          response.get(settings.upstreamTimeout().toNanos(), TimeUnit.NANOSECONDS);
      taken = true;
      return head;
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("silence");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } finally {
      if (!taken) {
        var _ = response.thenAccept(late -> late.body().close());
        response.cancel(true);
      }
    }
  }

  private static void readEvents(UpstreamBody body, UpstreamReply reply)
      throws IOException, InterruptedException {
    EventReader events = new EventReader(body::next);
    for (String data = events.next(); data != null; data = events.next()) {
      reply.event(parse(data));
      if (reply.isStopped()) {
        break;
      }
    }
    reply.finish();
    body.ignoreRest();
  }

  private HttpRequest httpRequest(ObjectNode request, MessageHeaders headers) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(messages)
            .header("content-type", "application/json")
            .header("anthropic-version", headers.version())
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(request)));
    settings.upstreamKey().ifPresent(key -> builder.header("x-api-key", key));
    if (!headers.forwardedBetas().isEmpty()) {
      builder.header("anthropic-beta", String.join(",", headers.forwardedBetas()));
    }
    return builder.build();
  }

  private static boolean isEventStream(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("content-type")
        .map(type -> type.toLowerCase(Locale.ROOT).startsWith("text/event-stream"))
        .orElse(false);
  }

  private static JsonNode parse(byte[] reply) {
    try {
      return Json.parse(reply, "reply");
    } catch (CaissonException.InvalidRequest e) {
      throw UpstreamFailure.unreadable(e.getMessage());
    }
  }

  private static JsonNode parse(String event) {
    try {
      return Json.parse(event, "event");
    } catch (CaissonException.InvalidRequest e) {
      throw UpstreamFailure.unreadable(e.getMessage());
    }
  }

  private static CaissonException refusal(HttpResponse<UpstreamBody> response)
      throws IOException, InterruptedException {
    int status = response.statusCode();
    if (status < 400) {
      return UpstreamFailure.unreadable("the reply has status " + status);
    }
    String message = "status " + status;
    try {
      message =
          Json.parse(response.body().rest(), "reply")
              .path("error")
              .path("message")
              .asStringOpt()
              .orElse(message);
    } catch (CaissonException.InvalidRequest e) {
      // Then the status has to do.
    }
    return UpstreamFailure.told(status, message, response.headers().firstValue("retry-after"));
  }

  private String reason(IOException failure) {
    LOG.warn("upstream {} failed", messages, failure);
    if (failure instanceof ConnectException) {
      return "cannot be reached";
    }
    return "the connection broke off before the reply was complete";
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
