package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The built-in model, and what a dead container answers, without any upstream. */
class DirectModelTest {
  @TempDir static Path directory;
  static RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    caisson = RunningCaisson.over(directory).clock(clock).start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  @Test
  void blocksRunInOrder() {
    JsonNode reply =
        ok(
            request(
                "code_execution_20260120",
                "```bash\necho 3 > /tmp/n\n```\n```python\ny = int(open('/tmp/n').read())\n```\n"
                    + "```python\nprint(y + 1)\n```"));
    assertThat(reply.at("/content/0/name").asString()).isEqualTo("bash_code_execution");
    assertThat(reply.at("/content/2/name").asString()).isEqualTo("code_execution");
    assertThat(reply.at("/content/5/content/stdout").asString()).isEqualTo("4\n");
    assertThat(reply.path("stop_reason").asString()).isEqualTo("end_turn");
    assertThat(reply.path("model").asString()).isEqualTo("caisson-direct");
    assertThat(reply.at("/usage/input_tokens").asInt()).isPositive();
  }

  @Test
  void aPythonBlockRunsThroughBashWhereThereIsNoPythonTool() {
    JsonNode reply =
        ok(
            request(
                "code_execution_20250825",
                "```python\nprint('''PYTHON\n''')\nprint(\"$HOME\")\n```"));
    assertThat(reply.at("/content/0/name").asString()).isEqualTo("bash_code_execution");
    assertThat(reply.at("/content/1/content/stdout").asString()).isEqualTo("PYTHON\n\n$HOME\n");
  }

  @Test
  void aBashBlockIsRefusedWhereThereIsOnlyPython() {
    RawHttp.Answer answer =
        http.message(Json.write(request("code_execution_20250522", "```bash\ntrue\n```")));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("code_execution_20250522", "Python only");
  }

  @Test
  void textWithoutABlockIsSaidToHaveNone() {
    JsonNode reply = ok(request("code_execution_20250825", "please compute"));
    assertThat(reply.path("content").size()).isEqualTo(1);
    assertThat(reply.at("/content/0/text").asString()).contains("no fenced");
    assertThat(reply.path("container").isMissingNode()).isTrue();
    ObjectNode withoutTool = request("code_execution_20250825", "```bash\ntrue\n```");
    withoutTool.remove("tools");
    assertThat(ok(withoutTool).at("/content/0/text").asString()).contains("code execution tool");
  }

  @Test
  void outputsAreNamedInTheResult() {
    JsonNode content =
        ok(request("code_execution_20250825", "```bash\necho hi > \"$OUTPUT_DIR/a.txt\"\n```"))
            .at("/content/1/content/content");
    assertThat(content.size()).isEqualTo(1);
    assertThat(content.at("/0/type").asString()).isEqualTo("bash_code_execution_output");
    assertThat(http.get("/v1/files/" + content.at("/0/file_id").asString() + "/content").text())
        .isEqualTo("hi\n");
  }

  @Test
  void anotherModelNeedsAnUpstream() {
    ObjectNode request = request("code_execution_20250825", "hi").put("model", "claude");
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.error()).contains("claude", "CAISSON_UPSTREAM_URL", "caisson-direct");
  }

  @Test
  void anExpiredContainerIsSaidToBeExpired() {
    String id = http.container();
    clock.advance(Duration.ofDays(31));

    ObjectNode request =
        request("code_execution_20250825", "```bash\ntrue\n```").put("container", id);
    JsonNode reply = ok(request);
    assertThat(reply.path("content").size()).isEqualTo(2);
    assertThat(reply.at("/content/0/type").asString()).isEqualTo("server_tool_use");
    assertThat(reply.at("/content/0/name").asString()).isEqualTo("bash_code_execution");
    assertThat(reply.at("/content/1/content/type").asString())
        .isEqualTo("bash_code_execution_tool_result_error");
    assertThat(reply.at("/content/1/content/error_code").asString()).isEqualTo("container_expired");
    assertThat(reply.at("/content/1/tool_use_id").asString())
        .isEqualTo(reply.at("/content/0/id").asString());
    assertThat(reply.path("stop_reason").asString()).isEqualTo("end_turn");
    assertThat(reply.at("/usage/input_tokens").asInt()).isZero();

    JsonNode python =
        ok(request("code_execution_20250522", "```python\n1\n```").put("container", id));
    assertThat(python.at("/content/1/content/type").asString())
        .isEqualTo("code_execution_tool_result_error");

    RawHttp.Answer direct =
        http.post("/v1/containers/" + id + "/cells", "{\"language\":\"bash\",\"code\":\"true\"}");
    assertThat(direct.status()).isEqualTo(410);
    assertThat(direct.error()).contains("container_expired", id);
    assertThat(direct.json().at("/error/container/ended/reason").asString()).isEqualTo("expired");
    assertThat(http.get("/v1/containers/" + id).json().path("status").asString())
        .isEqualTo("expired");
  }

  private static JsonNode ok(ObjectNode request) {
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static ObjectNode request(String version, String prompt) {
    ObjectNode request = Json.object().put("model", "caisson-direct").put("max_tokens", 100);
    request.putArray("messages").addObject().put("role", "user").put("content", prompt);
    request.putArray("tools").addObject().put("type", version).put("name", "code_execution");
    return request;
  }
}
