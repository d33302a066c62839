package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A server that is killed while code waits for a tool, and one that takes its place. */
@Tag("slow")
class ProgrammaticKillTest {
  private static final String CODE =
      """
      ```python
      with open("/tmp/log", "a") as log: print("begun", file=log)
      kept = 1
      print(await look({}))
      with open("/tmp/log", "a") as log: print("done", file=log)
      ```
      """;

  @TempDir Path directory;

  @Test
  void codeThatWaitedIsLostAndSaidToBe() {
    ObjectNode request = request();
    try (CaissonProcess first = CaissonProcess.start(directory, Map.of())) {
      goOn(request, send(first, request));
      first.kill();
    }
    String container = request.path("container").asString();
    try (CaissonProcess second = CaissonProcess.start(directory, Map.of())) {
      JsonNode reply = send(second, request);
      assertThat(reply.at("/content/0/type").asString()).isEqualTo("code_execution_tool_result");
      assertThat(reply.at("/content/0/content/type").asString())
          .isEqualTo("code_execution_tool_result_error");
      assertThat(reply.at("/content/0/content/error_code").asString()).isEqualTo("unavailable");
      assertThat(reply.at("/content/0/content/error_message").asString())
          .startsWith("server_restart: ");
      assertThat(reply.at("/container/id").asString()).isEqualTo(container);
      RawHttp http = new RawHttp(second.url(), second.key());
      JsonNode cells = http.get("/v1/containers/" + container + "/cells").json().path("data");
      assertThat(cells).hasSize(1);
      assertThat(cells.at("/0/status").asString()).isEqualTo("lost");
      assertThat(cells.at("/0/reason").asString()).isEqualTo("server_restart");
      // Once begun, never done, never begun again; and the container lives on.
      assertThat(http.cell(container, "bash", "cat /tmp/log").path("stdout").asString())
          .isEqualTo("begun\n");
      assertThat(send(second, request).path("content")).isEqualTo(reply.path("content"));
    }
  }

  @Test
  void aResultThatWasKnownIsGivenAgain() {
    ObjectNode request = request();
    JsonNode ended;
    try (CaissonProcess first = CaissonProcess.start(directory, Map.of())) {
      goOn(request, send(first, request));
      ended = send(first, request);
      assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("found\n");
      first.kill();
    }
    try (CaissonProcess second = CaissonProcess.start(directory, Map.of())) {
      assertThat(send(second, request).path("content")).isEqualTo(ended.path("content"));
    }
  }

  private static ObjectNode request() {
    ObjectNode request = Json.object().put("model", "caisson-direct").put("max_tokens", 100);
    request.putArray("messages").addObject().put("role", "user").put("content", CODE);
    ArrayNode tools = request.putArray("tools");
    tools.addObject().put("type", "code_execution_20260120").put("name", "code_execution");
    ObjectNode look = tools.addObject().put("name", "look");
    look.putObject("input_schema").put("type", "object");
    look.putArray("allowed_callers").add("code_execution_20260120");
    return request;
  }

  private static JsonNode send(CaissonProcess server, ObjectNode request) {
    RawHttp.Answer answer = new RawHttp(server.url(), server.key()).message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  /** Makes of a request that was paused the one that goes on. */
  private static void goOn(ObjectNode request, JsonNode paused) {
    assertThat(paused.path("stop_reason").asString()).isEqualTo("tool_use");
    request.put("container", paused.at("/container/id").asString());
    ArrayNode messages = (ArrayNode) request.path("messages");
    messages.addObject().put("role", "assistant").set("content", paused.path("content"));
    messages
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("type", "tool_result")
        .put("tool_use_id", paused.at("/content/1/id").asString())
        .put("content", "found");
  }
}
