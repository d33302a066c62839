package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import tools.jackson.databind.JsonNode;

/**
 * Plain HTTP calls with a key, for what no SDK would send. Every answer is held against the
 * server's own description of itself.
 */
final class RawHttp {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI base;
  private final String key;

  RawHttp(URI base, String key) {
    this.base = base;
    this.key = key;
  }

  String key() {
    return key;
  }

  static RawHttp of(RunningCaisson caisson) {
    return new RawHttp(caisson.url(), caisson.key());
  }

  /** A reply with its body as it came. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Answer(int status, java.net.http.HttpHeaders headers, byte[] bytes) {
    String text() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    JsonNode json() {
      return Json.parse(bytes, "reply");
    }

    String header(String name) {
      return headers.firstValue(name).orElse("");
    }

    String error() {
      return json().path("error").path("message").asString();
    }
  }

  Answer get(String path, String... headers) {
    return call("GET", path, new byte[0], headers);
  }

  Answer delete(String path) {
    return call("DELETE", path, new byte[0]);
  }

  Answer put(String path, byte[] body) {
    return call("PUT", path, body);
  }

  Answer post(String path, String json, String... headers) {
    return call("POST", path, json.getBytes(StandardCharsets.UTF_8), headers);
  }

  Answer message(String json) {
    return post("/v1/messages", json, "anthropic-version", "2023-06-01");
  }

  /** Any call; headers are names and values in turn, and replace those that are always sent. */
  Answer call(String method, String path, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(Duration.ofSeconds(60))
            .header("x-api-key", key)
            .method(
                method,
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    for (int i = 0; i + 1 < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    try {
      HttpResponse<byte[]> response =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      Answer answer = new Answer(response.statusCode(), response.headers(), response.body());
      OpenApiDocument.of(base).check(method, path, answer);
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** A fresh container's id. */
  String container() {
    Answer made = post("/v1/containers", "{}");
    if (made.status() != 200) {
      throw new AssertionError(made.status() + " " + made.text());
    }
    return made.json().path("id").asString();
  }

  /** Runs a cell and gives its JSON. */
  JsonNode cell(String container, String language, String code) {
    Answer ran =
        post(
            "/v1/containers/" + container + "/cells",
            Json.write(Json.object().put("language", language).put("code", code)));
    if (ran.status() != 200) {
      throw new AssertionError(ran.status() + " " + ran.text());
    }
    return ran.json();
  }
}
