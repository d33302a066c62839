package dev.caisson.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.caisson.domain.CaissonException;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A real HTTP server that speaks the Messages format and answers from a script. It is as strict as
 * the hosted API with the conversations that it is sent ({@link UpstreamRules}), and keeps every
 * request. Safe for use from many threads.
 */
public final class ScriptedUpstream implements AutoCloseable {
  /** Enough for all that a test connects at once; the default is 50. */
  private static final int BACKLOG = 1024;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Step> script = new ConcurrentLinkedQueue<>();
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<String, Step> routes = new ConcurrentHashMap<>();
  private volatile Step otherwise =
      (exchange, request) -> send(exchange, 500, error(500, "the script has ended"));

  /**
   * A request as it came.
   *
   * @param path without its query
   * @param body an empty object where there was none
   */
  public record Received(String path, Map<String, List<String>> headers, JsonNode body) {
    /** The first value of a header; empty text when it is absent. */
    public String header(String name) {
      return headers.entrySet().stream()
          .filter(entry -> entry.getKey().equalsIgnoreCase(name))
          .map(entry -> entry.getValue().getFirst())
          .findFirst()
          .orElse("");
    }
  }

  private interface Step {
    void answer(HttpExchange exchange, JsonNode request) throws IOException;
  }

  private ScriptedUpstream(HttpServer server) {
    this.server = server;
  }

  /** Starts on a free port of loopback, with an empty script. */
  public static ScriptedUpstream start() {
    return start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** Starts on an address, with an empty script. */
  public static ScriptedUpstream start(InetSocketAddress address) {
    // Otherwise small writes are held back until the client has acknowledged the last one.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    try {
      HttpServer server = HttpServer.create(address, BACKLOG);
      ScriptedUpstream upstream = new ScriptedUpstream(server);
      server.setExecutor(upstream.threads);
      server.createContext("/", upstream::handle);
      server.start();
      return upstream;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The base address, for {@code CAISSON_UPSTREAM_URL}. */
  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Answers the next request with this message. */
  public ScriptedUpstream reply(ObjectNode message) {
    return reply(request -> message);
  }

  /** Answers the next request with a message that is made from it; streams it if asked to. */
  public ScriptedUpstream reply(Function<JsonNode, ObjectNode> message) {
    script.add(
        (exchange, request) -> reply(exchange, request, message.apply(request), Duration.ZERO));
    return this;
  }

  /** Streams the reply to the next request, which must ask for that. */
  public ScriptedUpstream stream(StreamedReply reply) {
    script.add((exchange, request) -> {
      if (!wantsStream(request)) {
        throw JsonFields.invalid("stream", "this reply is scripted as a stream");
      }
      stream(exchange, reply);
    });
    return this;
  }

  /** Answers every request for which the script has nothing, from now on. */
  public ScriptedUpstream otherwise(Function<JsonNode, ObjectNode> message) {
    return otherwise(message, Duration.ZERO);
  }

  /** As {@link #otherwise(Function)}, with a pause before each event of a stream. */
  public ScriptedUpstream otherwise(Function<JsonNode, ObjectNode> message, Duration pause) {
    otherwise = (exchange, request) -> reply(exchange, request, message.apply(request), pause);
    return this;
  }

  /** Answers the next request with any status, headers and text. */
  public ScriptedUpstream answer(int status, Map<String, String> headers, String body) {
    script.add((exchange, request) -> {
      headers.forEach(exchange.getResponseHeaders()::set);
      send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
    });
    return this;
  }

  /**
   * Answers every request to a path beside {@code /v1/messages}, from now on; without this it has
   * none of them.
   */
  public ScriptedUpstream at(String path, Function<JsonNode, ObjectNode> reply) {
    routes.put(path, (exchange, request) -> send(exchange, 200, Json.bytes(reply.apply(request))));
    return this;
  }

  /** As {@link #at(String, Function)}, with an error. */
  public ScriptedUpstream at(String path, int status, String message) {
    routes.put(path, (exchange, request) -> send(exchange, status, error(status, message)));
    return this;
  }

  /** Takes the next request and never answers it. */
  public ScriptedUpstream hang() {
    script.add((exchange, request) -> awaitClose());
    return this;
  }

  /** All requests so far. */
  public List<Received> received() {
    return List.copyOf(received);
  }

  /** Forgets requests, script and routes. */
  public void reset() {
    script.clear();
    routes.clear();
    forgetRequests();
  }

  /** Forgets requests alone: otherwise it keeps all that there ever were. */
  public void forgetRequests() {
    received.clear();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      try {
        String path = exchange.getRequestURI().getPath();
        byte[] body = exchange.getRequestBody().readAllBytes();
        JsonNode request = body.length == 0 ? Json.object() : Json.parse(body, "request body");
        received.add(new Received(path, Map.copyOf(exchange.getRequestHeaders()), request));
        step(path, request).answer(exchange, request);
      } catch (CaissonException.InvalidRequest e) {
        send(exchange, 400, error(400, e.getMessage()));
      }
    }
  }

  private static void reply(
      HttpExchange exchange, JsonNode request, ObjectNode message, Duration pause)
      throws IOException {
    if (wantsStream(request)) {
      StreamedReply streamed = StreamedReply.of(message);
      stream(exchange, pause.isZero() ? streamed : streamed.every(pause));
    } else {
      send(exchange, 200, Json.bytes(message));
    }
  }

  private static boolean wantsStream(JsonNode request) {
    return request.path("stream").asBoolean(false);
  }

  private static void stream(HttpExchange exchange, StreamedReply reply) throws IOException {
    exchange.getResponseHeaders().set("content-type", "text/event-stream; charset=utf-8");
    exchange.getResponseHeaders().set("cache-control", "no-cache");
    // A body that is shorter than promised breaks the connection when it is closed.
    exchange.sendResponseHeaders(200, reply.isCut() ? Long.MAX_VALUE : 0);
    try {
      reply.write(exchange.getResponseBody());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Step step(String path, JsonNode request) {
    if (!path.equals("/v1/messages")) {
      return routes.getOrDefault(
          path, (exchange, _) -> send(exchange, 404, error(404, "no such route: " + path)));
    }
    UpstreamRules.check(request);
    Step step = script.poll();
    return step == null ? otherwise : step;
  }

  private static byte[] error(int status, String message) {
    return Json.bytes(ErrorJson.of(status).envelope(message, "req_upstream"));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getResponseHeaders().putIfAbsent("content-type", List.of("application/json"));
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
