package dev.caisson.client;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.FileContent;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Sends requests and turns replies into JSON, streams or the errors that they stand for. Safe for
 * use from many threads; owns the threads of its connections.
 */
final class HttpCalls implements AutoCloseable {
  /** A server on the same network answers in milliseconds; far longer means none is there. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** Servers read offsets of at most 18 digits, which no file reaches. */
  private static final long MAX_OFFSET = 999_999_999_999_999_999L;

  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (?:\\d{1,18}-\\d{1,18}|\\*)/(\\d{1,18})");

  private final String server;
  private final String apiKey;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("caisson-http-", 0).factory());
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .executor(threads)
          .build();

  HttpCalls(URI server, String apiKey) {
    String scheme = String.valueOf(server.getScheme());
    if ((!scheme.equals("http") && !scheme.equals("https")) || server.getHost() == null) {
      throw new CaissonException.InvalidRequest(
          "server '" + server + "' is no URL such as http://127.0.0.1:8787");
    }
    if (apiKey.isBlank() || apiKey.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new CaissonException.InvalidRequest("the API key is empty or no key");
    }
    this.server = server.toString().replaceAll("/+$", "");
    this.apiKey = apiKey;
  }

  JsonNode get(String path) {
    return json(request(path).GET());
  }

  JsonNode post(String path, JsonNode body) {
    return post(path, "application/json", BodyPublishers.ofByteArray(Json.bytes(body)));
  }

  JsonNode post(String path, String contentType, BodyPublisher body) {
    return json(request(path).header("content-type", contentType).POST(body));
  }

  JsonNode put(String path, InputStream content) {
    return json(
        request(path)
            .header("content-type", "application/octet-stream")
            .PUT(BodyPublishers.ofInputStream(() -> content)));
  }

  void delete(String path) {
    json(request(path).DELETE());
  }

  /** The reply to a JSON request as it comes; closing it early closes the connection. */
  InputStream stream(String path, byte[] json) {
    return send(request(path)
            .header("content-type", "application/json")
            .header("accept", "text/event-stream")
            .POST(BodyPublishers.ofByteArray(json)))
        .body();
  }

  /** A file, or a part of it. */
  FileContent download(String path, ByteRange range) {
    if (range.length() == 0) {
      return new FileContent(size(path), 0, InputStream.nullInputStream());
    }
    HttpRequest.Builder request = request(path).GET();
    if (!range.equals(ByteRange.ALL)) {
      long last = range.offset() + Math.min(range.length(), Long.MAX_VALUE - range.offset()) - 1;
      request.header("range", "bytes=" + range.offset() + "-" + Math.min(last, MAX_OFFSET));
    }
    HttpResponse<InputStream> reply = send(request);
    long length =
        reply.headers().firstValueAsLong("content-length").orElseThrow(HttpCalls::noLength);
    long total = reply.statusCode() == 206 ? contentRange(reply).orElse(length) : length;
    return new FileContent(total, length, reply.body());
  }

  private long size(String path) {
    HttpResponse<InputStream> reply = send(request(path).method("HEAD", BodyPublishers.noBody()));
    return reply.headers().firstValueAsLong("content-length").orElseThrow(HttpCalls::noLength);
  }

  private static CaissonException noLength() {
    return new CaissonException.Internal("the server sent a file without its length");
  }

  private static Optional<Long> contentRange(HttpResponse<?> reply) {
    return reply
        .headers()
        .firstValue("content-range")
        .map(CONTENT_RANGE::matcher)
        .filter(Matcher::matches)
        .map(matcher -> Long.valueOf(matcher.group(1)));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server + path)).header("x-api-key", apiKey);
  }

  private JsonNode json(HttpRequest.Builder request) {
    HttpResponse<InputStream> reply = send(request);
    try (InputStream body = reply.body()) {
      return Json.parse(body.readAllBytes(), "reply of the server");
    } catch (CaissonException.InvalidRequest e) {
      throw new CaissonException.Internal(server + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw broken("the connection broke while the reply was read", e);
    }
  }

  private HttpResponse<InputStream> send(HttpRequest.Builder request) {
    HttpResponse<InputStream> reply;
    try {
      reply = http.send(request.build(), BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw broken("the server cannot be reached", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CaissonException.Internal(server + ": cancelled, the thread was interrupted", e);
    }
    if (reply.statusCode() / 100 != 2) {
      throw error(reply);
    }
    return reply;
  }

  private CaissonException error(HttpResponse<InputStream> reply) {
    Optional<Duration> retryAfter =
        reply
            .headers()
            .firstValue("retry-after")
            .filter(text -> text.matches("\\d{1,9}"))
            .map(text -> Duration.ofSeconds(Long.parseLong(text)));
    try (InputStream body = reply.body()) {
      JsonNode json = envelope(body.readAllBytes());
      CaissonException error = ErrorJson.read(reply.statusCode(), json, retryAfter);
      return error instanceof CaissonException.RangeNotSatisfiable range
          ? new CaissonException.RangeNotSatisfiable(
              range.getMessage(), contentRange(reply).orElse(range.sizeBytes()))
          : error;
    } catch (IOException e) {
      return broken("the connection broke while an error was read", e);
    }
  }

  /** Something between us and the server may answer with a page of its own. */
  private static JsonNode envelope(byte[] body) {
    try {
      return Json.parse(body, "error of the server");
    } catch (CaissonException.InvalidRequest e) {
      return Json.object();
    }
  }

  /** What a failed exchange means: an interrupt shows as one too. */
  CaissonException broken(String what, IOException cause) {
    String why =
        Thread.currentThread().isInterrupted() ? "the thread was interrupted" : reason(cause);
    return new CaissonException.Internal(server + ": " + what + " (" + why + ")", cause);
  }

  private static String reason(IOException cause) {
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  @Override
  public void close() {
    http.shutdownNow();
    threads.shutdown();
  }
}
