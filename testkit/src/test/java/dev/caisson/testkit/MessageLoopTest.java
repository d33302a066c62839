package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Messages with a scripted model behind the running server. */
class MessageLoopTest {
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
            .messages(messages -> messages.withUpstreamKey("upstream-key").withIterations(3))
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
  void theUpstreamIsOfferedClientToolsAndKeepsTheRest() {
    upstream.reply(ModelReply.saying("ok"));
    ObjectNode request = request("code_execution_20260120", user("hi"));
    request.put("temperature", 0.5).put("system", "be brief").putObject("made_up").put("a", 1.0);
    ((ArrayNode) request.get("tools"))
        .addObject()
        .put("name", "look")
        .put("description", "d")
        .putObject("input_schema")
        .put("type", "object");
    RawHttp.Answer answer =
        http.post(
            "/v1/messages?beta=true",
            Json.write(request),
            "anthropic-version",
            "2023-06-01",
            "anthropic-beta",
            "code-execution-2025-08-25,context-1m-2025-08-07");
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    ScriptedUpstream.Received received = upstream.received().getFirst();
    assertThat(received.header("x-api-key")).isEqualTo("upstream-key");
    assertThat(received.header("anthropic-version")).isEqualTo("2023-06-01");
    assertThat(received.header("anthropic-beta")).isEqualTo("context-1m-2025-08-07");
    JsonNode sent = received.body();
    assertThat(sent.path("tools").valueStream().map(tool -> tool.path("name").asString()))
        .containsExactly(
            "bash_code_execution", "text_editor_code_execution", "code_execution", "look");
    assertThat(sent.at("/tools/0/description").asString())
        .contains("$INPUT_DIR", "$OUTPUT_DIR", "90 seconds", "no network");
    assertThat(sent.path("system").asString()).isEqualTo("be brief");
    assertThat(Json.write(sent.path("made_up"))).isEqualTo("{\"a\":1.0}");
    assertThat(Json.write(sent.path("temperature"))).isEqualTo("0.5");
    assertThat(answer.json().path("container").isMissingNode()).isTrue();
  }

  @Test
  void severalCallsOfOneReplyRunInOrder() {
    upstream
        .reply(
            ModelReply.of()
                .call("toolu_a", "bash_code_execution", command("echo 1 >> ~/log; cat ~/log"))
                .call("toolu_b", "bash_code_execution", command("echo 2 >> ~/log; cat ~/log"))
                .build())
        .reply(ModelReply.saying("done"));
    JsonNode reply = ok(request("code_execution_20250825", user("go")));
    assertThat(types(reply))
        .containsExactly(
            "server_tool_use",
            "server_tool_use",
            "bash_code_execution_tool_result",
            "bash_code_execution_tool_result",
            "text");
    assertThat(reply.at("/content/2/tool_use_id").asString()).isEqualTo("srvtoolu_a");
    assertThat(reply.at("/content/2/content/stdout").asString()).isEqualTo("1\n");
    assertThat(reply.at("/content/3/content/stdout").asString()).isEqualTo("1\n2\n");
    JsonNode second = upstream.received().get(1).body().path("messages");
    assertThat(second.at("/2/content/0/content").asString()).contains("\"stdout\":\"1\\n\"");
  }

  @Test
  void pythonKeepsItsVariablesFrom20260120On() {
    upstream.reply(python("x = 6")).reply(python("print(x * 7)")).reply(ModelReply.saying("done"));
    JsonNode reply = ok(request("code_execution_20260521", user("go")));
    assertThat(reply.at("/content/3/type").asString()).isEqualTo("code_execution_tool_result");
    assertThat(reply.at("/content/3/content/type").asString()).isEqualTo("code_execution_result");
    assertThat(reply.at("/content/3/content/stdout").asString()).isEqualTo("42\n");
  }

  @Test
  void pythonOf20250522IsFreshAndTrimsTheFinalNewline() {
    upstream
        .reply(python("x = 6; print(x)"))
        .reply(python("print(x * 7)"))
        .reply(ModelReply.saying("done"));
    JsonNode reply = ok(request("code_execution_20250522", user("go")));
    assertThat(reply.at("/content/1/content/stdout").asString()).isEqualTo("6");
    assertThat(reply.at("/content/3/content/stderr").asString()).contains("NameError");
    assertThat(reply.at("/content/3/content/return_code").asInt()).isEqualTo(1);
  }

  @Test
  void aLoopThatGoesOnIsPausedAndCanBeContinued() {
    Function<JsonNode, ObjectNode> count =
        request -> ModelReply.bash("echo x >> ~/count; wc -l < ~/count");
    upstream.reply(count).reply(count).reply(count);
    ObjectNode request = request("code_execution_20250825", user("go"));
    JsonNode paused = ok(request);
    assertThat(paused.path("stop_reason").asString()).isEqualTo("pause_turn");
    assertThat(upstream.received()).hasSize(3);
    assertThat(paused.at("/usage/input_tokens").asInt()).isEqualTo(30);

    upstream.reply(count).reply(ModelReply.saying("done"));
    ((ArrayNode) request.get("messages"))
        .addObject()
        .put("role", "assistant")
        .set("content", paused.path("content"));
    request.put("container", paused.at("/container/id").asString());
    JsonNode done = ok(request);
    assertThat(done.path("stop_reason").asString()).isEqualTo("end_turn");
    assertThat(done.at("/content/1/content/stdout").asString()).isEqualTo("4\n");
  }

  @Test
  void aMixedTurnLetsTheClientAnswerFirst() {
    upstream.reply(
        ModelReply.of()
            .text("both")
            .call("toolu_s", "bash_code_execution", command("echo server"))
            .call("toolu_c", "look", Json.object().put("k", "a"))
            .build());
    ObjectNode request = request("code_execution_20250825", user("go"));
    ((ArrayNode) request.get("tools"))
        .addObject()
        .put("name", "look")
        .putObject("input_schema")
        .put("type", "object");
    JsonNode first = ok(request);
    assertThat(types(first)).containsExactly("text", "server_tool_use", "tool_use");
    assertThat(first.path("stop_reason").asString()).isEqualTo("tool_use");
    assertThat(first.at("/content/2/caller/type").asString()).isEqualTo("direct");
    String container = first.at("/container/id").asString();
    assertThat(container).startsWith("container_");

    ArrayNode messages = (ArrayNode) request.get("messages");
    messages.addObject().put("role", "assistant").set("content", first.path("content"));
    messages
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("type", "tool_result")
        .put("tool_use_id", "toolu_c")
        .put("content", "client");
    request.put("container", container);
    upstream.reply(ModelReply.saying("done"));
    JsonNode second = ok(request);
    assertThat(types(second)).containsExactly("bash_code_execution_tool_result", "text");
    assertThat(second.at("/content/0/tool_use_id").asString()).isEqualTo("srvtoolu_s");
    assertThat(second.at("/content/0/content/stdout").asString()).isEqualTo("server\n");
    JsonNode sent = upstream.received().getLast().body().path("messages");
    assertThat(sent.at("/2/content/0/tool_use_id").asString()).isEqualTo("toolu_c");
    assertThat(sent.at("/2/content/1/tool_use_id").asString()).isEqualTo("toolu_s");

    messages.addObject().put("role", "assistant").set("content", second.path("content"));
    messages.add(user("and now?"));
    upstream.reply(ModelReply.saying("nothing"));
    assertThat(ok(request).at("/content/0/text").asString()).isEqualTo("nothing");
  }

  @Test
  void aForcedToolIsForcedOnce() {
    upstream.reply(ModelReply.bash("true")).reply(ModelReply.saying("done"));
    ObjectNode request = request("code_execution_20250825", user("go"));
    request.putObject("tool_choice").put("type", "tool").put("name", "code_execution");
    ok(request);
    JsonNode first = upstream.received().get(0).body().path("tool_choice");
    JsonNode second = upstream.received().get(1).body().path("tool_choice");
    assertThat(first.path("name").asString()).isEqualTo("bash_code_execution");
    assertThat(Json.write(second)).isEqualTo("{\"type\":\"auto\"}");
  }

  @Test
  void callsThatAreWrongAreResultsTheModelCanReadAndMend() {
    upstream
        .reply(ModelReply.of().call("bash_code_execution", Json.object()).build())
        .reply(ModelReply.of().call("code_execution", Json.object().put("code", "1")).build())
        .reply(ModelReply.saying("sorry"));
    JsonNode reply = ok(request("code_execution_20250825", user("go")));
    assertThat(reply.at("/content/1/content/type").asString())
        .isEqualTo("bash_code_execution_tool_result_error");
    assertThat(reply.at("/content/1/content/error_code").asString())
        .isEqualTo("invalid_tool_input");
    assertThat(reply.at("/content/3/content/type").asString())
        .isEqualTo("code_execution_tool_result_error");
    assertThat(upstream.received().get(1).body().at("/messages/2/content/0/is_error").asBoolean())
        .isTrue();
    // Nothing ran: no container was made for it.
    assertThat(reply.path("container").isMissingNode()).isTrue();
  }

  @Test
  void theEditorViewsCreatesAndReplaces() {
    upstream
        .reply(edit("create", "notes/a.txt", Map.of("file_text", "one\ntwo\nthree\n")))
        .reply(
            edit("str_replace", "~/notes/a.txt", Map.of("old_str", "two\n", "new_str", "2\n2b\n")))
        .reply(edit("view", "/home/user/notes/a.txt", Map.of()));
    ObjectNode request = request("code_execution_20250825", user("go"));
    JsonNode reply = ok(request);
    assertThat(Json.write(reply.at("/content/1/content")))
        .isEqualTo(
            "{\"type\":\"text_editor_code_execution_create_result\",\"is_file_update\":false}");
    assertThat(Json.write(reply.at("/content/3/content")))
        .isEqualTo(
            "{\"type\":\"text_editor_code_execution_str_replace_result\",\"old_start\":2,"
                + "\"old_lines\":1,\"new_start\":2,\"new_lines\":2,"
                + "\"lines\":[\"-two\",\"+2\",\"+2b\"]}");
    assertThat(Json.write(reply.at("/content/5/content")))
        .isEqualTo(
            "{\"type\":\"text_editor_code_execution_view_result\",\"file_type\":\"text\","
                + "\"content\":\"one\\n2\\n2b\\nthree\\n\",\"num_lines\":4,\"start_line\":1,"
                + "\"total_lines\":4}");

    upstream
        .reply(edit("view", "nothing.txt", Map.of()))
        .reply(edit("str_replace", "notes/a.txt", Map.of("old_str", "e", "new_str", "x")))
        .reply(
            ModelReply.of()
                .call(
                    "text_editor_code_execution",
                    (ObjectNode)
                        Json.parse(
                            "{\"command\":\"view\",\"path\":\"notes/a.txt\",\"view_range\":[2,3]}",
                            "test"))
                .build());
    request.put("container", reply.at("/container/id").asString());
    JsonNode more = ok(request);
    assertThat(more.at("/content/1/content/error_code").asString()).isEqualTo("file_not_found");
    assertThat(more.at("/content/3/content/error_code").asString()).isEqualTo("invalid_tool_input");
    assertThat(more.at("/content/3/content/error_message").asString()).contains("more than once");
    assertThat(more.at("/content/5/content/content").asString()).isEqualTo("2\n2b\n");
    assertThat(more.at("/content/5/content/start_line").asInt()).isEqualTo(2);
    assertThat(more.at("/content/5/content/total_lines").asInt()).isEqualTo(4);
  }

  @Test
  void anUploadIsMountedBeforeTheModelIsAsked() {
    String file = upload("data.csv", "a,b\n1,2\n");
    upstream
        .reply(request -> {
          assertThat(request.at("/messages/0/content/1/text").asString())
              .contains("$INPUT_DIR/data.csv");
          return ModelReply.bash("cat \"$INPUT_DIR/data.csv\"");
        })
        .reply(ModelReply.saying("read"));
    ObjectNode request = request("code_execution_20250825", uploading(file));
    JsonNode reply = ok(request);
    assertThat(reply.at("/content/1/content/stdout").asString()).isEqualTo("a,b\n1,2\n");

    // Once more in the same container: it is there already, and that is fine.
    upstream.reply(ModelReply.saying("again"));
    request.put("container", reply.at("/container/id").asString());
    assertThat(ok(request).at("/container/id").asString())
        .isEqualTo(reply.at("/container/id").asString());

    upstream.reply(ModelReply.saying("unused"));
    JsonNode unused = ok(request("code_execution_20250825", uploading(file)));
    assertThat(unused.at("/container/id").asString()).startsWith("container_");
  }

  @Test
  void anUploadOfAnOlderTurnDoesNothing() {
    upstream.reply(ModelReply.saying("ok"));
    ObjectNode request =
        request(
            "code_execution_20250825",
            uploading("file_deletedlongago"),
            Json.object().put("role", "assistant").put("content", "thanks"),
            user("go on"));
    JsonNode reply = ok(request);
    assertThat(reply.path("container").isMissingNode()).isTrue();
  }

  @Test
  void anUploadThatCannotBeMountedIsAnErrorBeforeTheModelIsAsked() {
    RawHttp.Answer unknown =
        http.message(
            Json.write(request("code_execution_20250825", uploading("file_doesnotexist"))));
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.error())
        .isEqualTo("messages.0.content.1.file_id: File `file_doesnotexist` not found.");

    int before = http.get("/v1/containers?limit=1000").json().path("data").size();
    String one = upload("same.txt", "1");
    String two = upload("same.txt", "2");
    RawHttp.Answer clash =
        http.message(Json.write(request("code_execution_20250825", uploading(one, two))));
    assertThat(clash.status()).isEqualTo(400);
    assertThat(clash.error()).contains("same.txt");
    assertThat(http.get("/v1/containers?limit=1000").json().path("data").size()).isEqualTo(before);
    assertThat(upstream.received()).isEmpty();
  }

  @Test
  void aRequestWithoutCodeExecutionPassesThrough() {
    ObjectNode reply =
        ModelReply.of()
            .block(Json.object().put("type", "thinking").put("thinking", "t").put("signature", "s"))
            .text("hi")
            .usage("new_counter", 3)
            .build();
    reply.put("something_new", true);
    upstream.reply(reply);
    ObjectNode request = request("code_execution_20250825", user("hi"));
    request.remove("tools");
    JsonNode answer = ok(request);
    assertThat(answer.path("something_new").asBoolean()).isTrue();
    assertThat(answer.at("/content/0/signature").asString()).isEqualTo("s");
    assertThat(answer.at("/usage/new_counter").asInt()).isEqualTo(3);
    assertThat(upstream.received().getFirst().body().path("tools").isMissingNode()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "400, invalid_request_error",
    "401, authentication_error",
    "403, permission_error",
    "404, not_found_error",
    "413, request_too_large",
    "429, rate_limit_error",
    "500, api_error",
    "529, overloaded_error"
  })
  void anErrorOfTheUpstreamIsPassedOn(int status, String type) {
    upstream.answer(
        status,
        Map.of("retry-after", "7"),
        "{\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"upstream says so\"}}");
    RawHttp.Answer answer =
        http.message(Json.write(request("code_execution_20250825", user("go"))));
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.error()).isEqualTo("upstream: upstream says so");
    assertThat(answer.json().at("/error/type").asString()).isEqualTo(type);
    assertThat(answer.header("retry-after")).isEqualTo("7");
    assertThat(answer.header("x-should-retry")).isEmpty();
  }

  @Test
  void nothingThatRanIsRunAgainByARetry() {
    upstream.reply(ModelReply.bash("true")).answer(529, Map.of(), "{}");
    RawHttp.Answer answer =
        http.message(Json.write(request("code_execution_20250825", user("go"))));
    assertThat(answer.status()).isEqualTo(529);
    assertThat(answer.header("x-should-retry")).isEqualTo("false");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{}",
        "{\"content\":\"text\"}",
        "{\"content\":1}",
        "{\"content\":[7]}",
        "{\"content\":[null]}"
      })
  void anUpstreamThatTalksNonsenseIsABadGateway(String body) {
    upstream.answer(200, Map.of(), body);
    RawHttp.Answer answer =
        http.message(Json.write(request("code_execution_20250825", user("go"))));
    assertThat(answer.status()).isEqualTo(502);
    assertThat(answer.error()).startsWith("upstream sent no message: ");
  }

  @Test
  void aToolUseOfNoFormIsNoCrash() {
    for (String block :
        List.of(
            "{\"type\":\"tool_use\"}",
            "{\"type\":\"tool_use\",\"name\":\"bash_code_execution\"}",
            "{\"type\":\"tool_use\",\"name\":\"bash_code_execution\",\"id\":7,\"input\":\"x\"}",
            "{\"type\":7}")) {
      upstream.reset();
      upstream
          .answer(200, Map.of(), "{\"content\":[" + block + "],\"stop_reason\":\"tool_use\"}")
          .reply(ModelReply.saying("done"));
      RawHttp.Answer answer =
          http.message(Json.write(request("code_execution_20250825", user("go"))));
      assertThat(answer.status()).as(block + ": " + answer.text()).isEqualTo(200);
    }
  }

  private static JsonNode ok(ObjectNode request) {
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static List<String> types(JsonNode reply) {
    return reply.path("content").valueStream().map(b -> b.path("type").asString()).toList();
  }

  private static ObjectNode request(String version, ObjectNode... messages) {
    ObjectNode request = Json.object().put("model", "scripted-model").put("max_tokens", 100);
    ArrayNode list = request.putArray("messages");
    for (ObjectNode message : messages) {
      list.add(message);
    }
    request.putArray("tools").addObject().put("type", version).put("name", "code_execution");
    return request;
  }

  private static ObjectNode user(String text) {
    return Json.object().put("role", "user").put("content", text);
  }

  private static ObjectNode uploading(String... files) {
    ObjectNode message = Json.object().put("role", "user");
    ArrayNode content = message.putArray("content");
    content.addObject().put("type", "text").put("text", "look");
    for (String file : files) {
      content.addObject().put("type", "container_upload").put("file_id", file);
    }
    return message;
  }

  private static String upload(String name, String text) {
    return caisson
        .engine()
        .files()
        .upload(
            caisson.organization(),
            name,
            "text/plain",
            new java.io.ByteArrayInputStream(
                text.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
            java.util.Optional.empty())
        .id()
        .value();
  }

  private static ObjectNode command(String command) {
    return Json.object().put("command", command);
  }

  private static ObjectNode python(String code) {
    return ModelReply.of().call("code_execution", Json.object().put("code", code)).build();
  }

  private static ObjectNode edit(String command, String path, Map<String, String> fields) {
    ObjectNode input = Json.object().put("command", command).put("path", path);
    fields.forEach(input::put);
    return ModelReply.of().call("text_editor_code_execution", input).build();
  }
}
