package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an upstream can be asked beside messages: its models, and how many tokens a request has. Not
 * every server of the Messages format answers that, and none does while it is down; then there is
 * just no answer. Safe for use from many threads.
 */
final class UpstreamQueries implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamQueries.class);

  /** A client waits for a list of models; what comes later than this is no help to it. */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final int PAGE = 1000;

  /** An upstream that always has more would be asked forever. */
  private static final int MAX_PAGES = 10;

  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .version(HttpClient.Version.HTTP_1_1)
          .build();
  private final String base;
  private final MessagesSettings settings;

  UpstreamQueries(URI base, MessagesSettings settings) {
    this.base = base.toString().replaceAll("/+$", "");
    this.settings = settings;
  }

  /** The entries of the upstream's list, as it wrote them. */
  List<JsonNode> models() {
    List<JsonNode> models = new ArrayList<>();
    String after = "";
    for (int i = 0; i < MAX_PAGES; i++) {
      Optional<JsonNode> page =
          get("/v1/models?limit=" + PAGE + (after.isEmpty() ? "" : "&after_id=" + after));
      page.ifPresent(list -> list.path("data").forEach(models::add));
      after = page.map(UpstreamQueries::next).orElse("");
      if (after.isEmpty()) {
        break;
      }
    }
    return models;
  }

  private static String next(JsonNode page) {
    return page.path("has_more").asBoolean(false)
        ? encode(page.path("last_id").asStringOpt().orElse(""))
        : "";
  }

  /** One model, which an upstream may know by a name that its list does not have. */
  Optional<JsonNode> model(String id) {
    return get("/v1/models/" + encode(id));
  }

  /**
   * The tokens of a request; empty when the upstream does not count. Throws Upstream when it counts
   * and refuses this request.
   */
  OptionalLong countTokens(ObjectNode request, MessageHeaders headers) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(base + "/v1/messages/count_tokens"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(request)));
    if (!headers.forwardedBetas().isEmpty()) {
      builder.header("anthropic-beta", String.join(",", headers.forwardedBetas()));
    }
    Optional<HttpResponse<byte[]>> response = send(builder, headers.version());
    if (response.isEmpty()) {
      return OptionalLong.empty();
    }
    int status = response.get().statusCode();
    Optional<JsonNode> body = json(response.get().body());
    if (refuses(status)) {
      String message =
          body.flatMap(json -> json.path("error").path("message").asStringOpt())
              .orElse("status " + status);
      throw UpstreamFailure.told(
          status, message, response.get().headers().firstValue("retry-after"));
    }
    JsonNode count = body.map(json -> json.path("input_tokens")).orElse(Json.object());
    return status == 200 && count.isIntegralNumber() && count.canConvertToLong()
        ? OptionalLong.of(count.longValue())
        : OptionalLong.empty();
  }

  /** The request is at fault, not the upstream, and not the route, which may be missing. */
  private static boolean refuses(int status) {
    return status >= 400 && status < 500 && status != 404 && status != 405;
  }

  private Optional<JsonNode> get(String path) {
    return send(HttpRequest.newBuilder(URI.create(base + path)).GET(), "2023-06-01")
        .filter(response -> response.statusCode() == 200)
        .flatMap(response -> json(response.body()));
  }

  private Optional<HttpResponse<byte[]>> send(HttpRequest.Builder builder, String version) {
    builder.timeout(TIMEOUT).header("anthropic-version", version);
    settings.upstreamKey().ifPresent(key -> builder.header("x-api-key", key));
    HttpRequest request = builder.build();
    try {
      return Optional.of(http.send(request, HttpResponse.BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      LOG.warn("upstream does not answer uri={} reason={}", request.uri(), e.toString());
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Cancellation.cancelled();
    }
  }

  private static Optional<JsonNode> json(byte[] body) {
    try {
      return Optional.of(Json.parse(body, "reply")).filter(JsonNode::isObject);
    } catch (CaissonException.InvalidRequest e) {
      return Optional.empty();
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
