package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caisson.wire.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Clients that go away while code that calls their tools runs, or waits. */
class ProgrammaticDisconnectTest {
  private static final String WAIT =
      "open('/tmp/begun', 'w').close()\nimport time\ntime.sleep(60)\nopen('/tmp/over', 'w').close()\n";

  @TempDir static Path directory;
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    caisson = RunningCaisson.over(directory).start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  @Test
  void aConnectionThatEndsAfterThePauseChangesNothing() throws IOException {
    String container = http.container();
    ObjectNode request = request(container, "print(await look({}))");
    JsonNode paused;
    try (Socket socket = send(request, "connection: close\r\n")) {
      String reply = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      paused = Json.parse(reply.substring(reply.indexOf("\r\n\r\n")).strip(), "reply");
    }
    JsonNode ended = ok(answered(request, paused));
    assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("found\n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void codeThatNobodyWaitsForIsEnded(boolean stream) throws IOException {
    String container = http.container();
    leaveOnceBegun(container, request(container, WAIT + "await look({})").put("stream", stream));
    assertCancelled(container);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void codeThatWentOnForNobodyIsEndedAndSaidToBe(boolean stream) throws IOException {
    String container = http.container();
    ObjectNode request = request(container, "await look({})\n" + WAIT);
    ObjectNode more = answered(request, ok(request));
    leaveOnceBegun(container, more.deepCopy().put("stream", stream));
    assertCancelled(container);
    // A retry of the SDK's hears what became of it; nothing runs again.
    JsonNode result = ok(more).at("/content/0/content");
    assertThat(result.path("stderr").asString()).contains("cancelled: ");
    assertThat(result.path("return_code").asInt()).isEqualTo(137);
    assertThat(http.get("/v1/containers/" + container + "/cells").json().path("data")).hasSize(1);
  }

  private static void leaveOnceBegun(String container, ObjectNode request) throws IOException {
    try (Socket socket = send(request, "")) {
      assertThat(socket.isConnected()).isTrue();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> http.get("/v1/containers/" + container + "/files/tmp/begun").status() == 200);
    }
  }

  private static void assertCancelled(String container) {
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() ->
            !http.get("/v1/containers/" + container)
                .json()
                .path("status")
                .asString()
                .equals("warm"));
    JsonNode cell = http.get("/v1/containers/" + container + "/cells").json().at("/data/0");
    assertThat(cell.path("status").asString()).isEqualTo("killed");
    assertThat(cell.path("reason").asString()).isEqualTo("cancelled");
  }

  private static Socket send(ObjectNode request, String headers) throws IOException {
    String json = Json.write(request);
    String text =
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\nanthropic-version: 2023-06-01\r\nx-api-key: "
            + caisson.key()
            + "\r\n"
            + headers
            + "content-length: "
            + json.length()
            + "\r\n\r\n"
            + json;
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), caisson.url().getPort());
    socket.setSoTimeout(30_000);
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
    return socket;
  }

  private static JsonNode ok(ObjectNode request) {
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static ObjectNode request(String container, String code) {
    ObjectNode request =
        Json.object()
            .put("model", "caisson-direct")
            .put("max_tokens", 100)
            .put("container", container);
    request
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", "```python\n" + code + "\n```");
    ArrayNode tools = request.putArray("tools");
    tools.addObject().put("type", "code_execution_20260120").put("name", "code_execution");
    ObjectNode look = tools.addObject().put("name", "look");
    look.putObject("input_schema").put("type", "object");
    look.putArray("allowed_callers").add("code_execution_20260120");
    return request;
  }

  private static ObjectNode answered(ObjectNode request, JsonNode paused) {
    ObjectNode more = request.deepCopy();
    ArrayNode messages = (ArrayNode) more.path("messages");
    messages.addObject().put("role", "assistant").set("content", paused.path("content"));
    messages
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("type", "tool_result")
        .put("tool_use_id", paused.at("/content/1/id").asString())
        .put("content", "found");
    return more;
  }
}
