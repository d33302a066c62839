package dev.caisson.bench;

import dev.caisson.testkit.ModelReply;
import dev.caisson.testkit.ScriptedUpstream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A streamed reply of a model, from the model itself and through the server. */
final class StreamOperations implements AutoCloseable {
  /** Fifty pieces or so, as an answer of a few sentences has. */
  private static final String WORDS = "twelve chars".repeat(50);

  private static final String TOOLS =
      ",\"tools\":[{\"type\":\"code_execution_20260521\",\"name\":\"code_execution\"}]";

  private static final String DIRECT_FIRST = "upstream_stream_first";
  private static final String DIRECT_TOTAL = "upstream_stream_total";

  /** The gateway may cost this at the median; a model takes a hundred times as long. */
  private static final double MOST_ADDED_MILLIS = 3;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ScriptedUpstream upstream;
  private final HttpRequest direct;
  private final HttpRequest through;

  StreamOperations(ScriptedUpstream upstream, URI server, String key) {
    this.upstream = upstream;
    this.direct = request(upstream.url(), "none", "");
    this.through = request(server, key, TOOLS);
  }

  /** What the scripted model answers to everything. */
  static ObjectNode reply(JsonNode request) {
    return ModelReply.saying(WORDS);
  }

  /** The model itself. */
  List<Operation> bare() {
    return List.of(
        Operation.bare(
                DIRECT_FIRST, "scripted upstream: streamed reply, to its first event", this::first)
            .wellWarmed(),
        Operation.bare(DIRECT_TOTAL, "scripted upstream: streamed reply, to its end", this::total)
            .wellWarmed());
  }

  /** The model through the server. */
  List<Operation> operations() {
    return List.of(
        Operation.compared(
                "http_stream_first",
                "HTTP: streamed reply, to its first event",
                DIRECT_FIRST,
                () -> timed(through, "event: message_start"))
            .wellWarmed()
            .withAddedTarget(MOST_ADDED_MILLIS),
        Operation.compared(
                "http_stream_total",
                "HTTP: streamed reply, to its end",
                DIRECT_TOTAL,
                () -> timed(through, "event: message_stop"))
            .wellWarmed()
            .withAddedTarget(MOST_ADDED_MILLIS));
  }

  private long first() throws IOException, InterruptedException {
    return timed(direct, "event: message_start");
  }

  private long total() throws IOException, InterruptedException {
    return timed(direct, "event: message_stop");
  }

  /** The time to a line; the rest is read all the same. */
  private long timed(HttpRequest request, String awaited) throws IOException, InterruptedException {
    long start = System.nanoTime();
    long nanos = -1;
    HttpResponse<InputStream> response =
        http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(awaited)) {
          nanos = System.nanoTime() - start;
        }
      }
    }
    upstream.forgetRequests();
    if (nanos < 0) {
      throw new IOException(request.uri() + ": " + response.statusCode() + ", no " + awaited);
    }
    return nanos;
  }

  private static HttpRequest request(URI server, String key, String more) {
    return HttpRequest.newBuilder(server.resolve("/v1/messages"))
        .header("x-api-key", key)
        .header("anthropic-version", "2023-06-01")
        .header("content-type", "application/json")
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"model\":\"scripted-model\",\"max_tokens\":1000,\"stream\":true,"
                    + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
                    + more
                    + "}"))
        .build();
  }

  @Override
  public void close() {
    http.close();
  }
}
