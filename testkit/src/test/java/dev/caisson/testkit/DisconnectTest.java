package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A client that goes away takes its work with it, and leaves the container free. */
@Timeout(60)
class DisconnectTest {
  private static final String FOREVER =
      "echo begun > /tmp/new; mv /tmp/new /tmp/begun; sleep 80; echo over > /tmp/over";

  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson =
        RunningCaisson.over(directory)
            .upstream(upstream)
            .messages(messages -> messages.withUpstreamTimeout(Duration.ofMillis(700)))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
    upstream.close();
  }

  @BeforeEach
  void forget() {
    upstream.reset();
  }

  @Test
  void aPlainCellIsCancelled() throws IOException {
    String container = http.container();
    leaveOnceBegun(container, cellRequest(container, false));
    assertCancelled(container);
  }

  @Test
  void aStreamedCellIsCancelled() throws IOException {
    String container = http.container();
    leaveOnceBegun(container, cellRequest(container, true));
    assertCancelled(container);
  }

  @Test
  void theCellOfAMessageIsCancelledAndTheModelIsNotAskedAgain() throws IOException {
    String container = http.container();
    upstream.reply(ModelReply.bash(FOREVER)).reply(ModelReply.saying("never asked"));
    leaveOnceBegun(
        container,
        request(
            "/v1/messages",
            "{\"model\":\"m\",\"max_tokens\":9,\"container\":\""
                + container
                + "\",\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"code_execution\"}],"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}"));
    assertCancelled(container);
    assertThat(upstream.received()).hasSize(1);
  }

  @Test
  void aContainerThatNobodyHeardOfIsNotLeftBehind() throws IOException {
    int before = containers();
    upstream.reply(ModelReply.bash("sleep 80"));
    try (Socket socket = connect()) {
      String message =
          request(
              "/v1/messages",
              "{\"model\":\"m\",\"max_tokens\":9,"
                  + "\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"code_execution\"}],"
                  + "\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}");
      socket.getOutputStream().write(message.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      await().until(() -> containers() == before + 1);
    }
    await().atMost(Duration.ofSeconds(10)).until(() -> containers() == before);
  }

  @Test
  void whatAClientSendsAheadIsKeptForLater() throws IOException {
    String container = http.container();
    String cell =
        Json.write(Json.object().put("language", "bash").put("code", "sleep 0.3; echo one"));
    String first = request("/v1/containers/" + container + "/cells", cell);
    String second =
        "GET /v1/containers/"
            + container
            + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: "
            + caisson.key()
            + "\r\n\r\n";
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(first.getBytes(StandardCharsets.UTF_8));
      out.flush();
      // Sent on its own while the cell runs, so that it is there before the reply is.
      await().until(() -> isWarm(container));
      out.write(second.getBytes(StandardCharsets.UTF_8));
      out.flush();
      String replies = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(replies).contains("\"stdout\":\"one\\n\"", "\"type\":\"container\"");
      assertThat(replies.split("HTTP/1.1 200", -1)).hasSize(3);
    }
  }

  @Test
  void anUpstreamThatDoesNotAnswerIsGivenUp() {
    upstream.hang();
    RawHttp.Answer answer =
        http.message(
            "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    assertThat(answer.status()).isEqualTo(504);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("timeout_error");
    assertThat(answer.error()).startsWith("upstream: ");
  }

  @Test
  void anUpstreamThatIsNotThereIsABadGateway(@TempDir Path own) throws IOException {
    int port;
    try (java.net.ServerSocket taken = new java.net.ServerSocket(0)) {
      port = taken.getLocalPort();
    }
    try (RunningCaisson lonely =
        RunningCaisson.over(own)
            .messages(
                messages -> messages.withUpstream(java.net.URI.create("http://127.0.0.1:" + port)))
            .start()) {
      RawHttp.Answer answer =
          RawHttp.of(lonely)
              .message(
                  "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
      assertThat(answer.status()).isEqualTo(502);
      assertThat(answer.json().at("/error/type").asString()).isEqualTo("api_error");
    }
  }

  @Test
  void theEndOfTheServerEndsItsCells(@TempDir Path own) throws Exception {
    RunningCaisson ending = RunningCaisson.over(own).start();
    RawHttp client = RawHttp.of(ending);
    String container = client.container();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                client.cell(container, "bash", FOREVER);
              } catch (RuntimeException | AssertionError e) {
                // The reply may be a killed cell or a closed connection: both are an end.
              }
            });
    await().until(() -> status(client, container).equals("warm"));
    long began = System.nanoTime();
    ending.close();
    caller.join();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
  }

  private static void leaveOnceBegun(String container, String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      await().atMost(Duration.ofSeconds(20)).until(() -> exists(container, "/tmp/begun"));
    }
  }

  /** The container is free again long before the cell would have ended by itself. */
  private static void assertCancelled(String container) {
    await().atMost(Duration.ofSeconds(10)).until(() -> !status(http, container).equals("warm"));
    JsonNode cell = http.get("/v1/containers/" + container + "/cells").json().at("/data/0");
    assertThat(cell.path("status").asString()).isEqualTo("killed");
    assertThat(cell.path("reason").asString()).isEqualTo("cancelled");
    JsonNode next = http.cell(container, "bash", "cat /tmp/begun; ls /tmp/over");
    assertThat(next.path("stdout").asString()).isEqualTo("begun\n");
    assertThat(next.path("return_code").asInt()).isNotZero();
  }

  private static int containers() {
    return http.get("/v1/containers?limit=1000").json().path("data").size();
  }

  private static boolean isWarm(String container) {
    return status(http, container).equals("warm");
  }

  private static String status(RawHttp client, String container) {
    return client.get("/v1/containers/" + container).json().path("status").asString();
  }

  private static boolean exists(String container, String path) {
    return http.get("/v1/containers/" + container + "/files" + path).status() == 200;
  }

  private static String cellRequest(String container, boolean stream) {
    return request(
        "/v1/containers/" + container + "/cells",
        Json.write(
            Json.object().put("language", "bash").put("code", FOREVER).put("stream", stream)));
  }

  private static String request(String path, String json) {
    return "POST "
        + path
        + " HTTP/1.1\r\nhost: x\r\nanthropic-version: 2023-06-01\r\nx-api-key: "
        + caisson.key()
        + "\r\ncontent-length: "
        + json.length()
        + "\r\n\r\n"
        + json;
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), caisson.url().getPort());
    socket.setSoTimeout(30_000);
    InputStream unused = socket.getInputStream();
    assertThat(unused).isNotNull();
    return socket;
  }
}
