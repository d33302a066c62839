package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.Limits;
import dev.caisson.testkit.CompatibilityTable.Verdict;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes {@code docs/compatibility.md} from what the running server does with every field of the
 * contract, and fails when the page in the repository says anything else. To write the page anew:
 * {@code -Dcaisson.compatibility.write=true}.
 */
@Tag("slow")
class CompatibilityTest {
  private static final Path PAGE = Path.of("..", "docs", "compatibility.md");
  private static final String TOOL = "code_execution_20260120";
  private static final String PDF = "JVBERi0xLjQK";
  private static final String PNG =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

  private static final String REQUEST = "Request fields of POST /v1/messages";
  private static final String TOOL_FIELDS = "Fields of the code execution tool";
  private static final String BLOCKS = "Content blocks of a request";
  private static final String REPLY = "Fields of a reply";
  private static final String RESULTS = "Result blocks and error codes";
  private static final String STOP_REASONS = "Stop reasons";
  private static final String CALLS = "Programmatic tool calling";
  private static final String EVENTS = "Events of a streamed reply";
  private static final String ROUTES = "Routes";
  private static final String HEADERS = "Headers of a reply";

  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson.HandClock clock;
  static RunningCaisson caisson;
  static RawHttp http;

  private final CompatibilityTable table =
      new CompatibilityTable(
          Stream.concat(
                  Stream.of(
                      ROUTES,
                      REQUEST,
                      TOOL_FIELDS,
                      BLOCKS,
                      REPLY,
                      STOP_REASONS,
                      CALLS,
                      RESULTS,
                      EVENTS,
                      HEADERS),
                  ObjectObservations.SECTIONS.stream())
              .toList());

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    clock = new RunningCaisson.HandClock();
    caisson =
        RunningCaisson.over(directory)
            .upstream(upstream)
            .clock(clock)
            .server(server ->
                server
                    .withKeyLimits(60_000, 1)
                    .withLimits(ByteSize.ofMebibytes(2), ByteSize.ofMebibytes(2)))
            .engine(engine ->
                engine
                    .withLimits(Limits.DEFAULT.withCellLimit(Duration.ofSeconds(1)))
                    .withUploadLimit(ByteSize.ofMebibytes(1)))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
    upstream.close();
  }

  @Test
  void thePageSaysWhatTheServerDoes() throws IOException {
    requestFields();
    toolFields();
    blocks();
    reply();
    results();
    events();
    routes();
    headers();
    stopReasons();
    calls();
    new ObjectObservations(http, upstream, table).all();
    String page = table.markdown();
    if (Boolean.getBoolean("caisson.compatibility.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(page)
        .as("docs/compatibility.md; write it anew with -Dcaisson.compatibility.write=true")
        .isEqualTo(Files.readString(PAGE));
  }

  // Request

  private void requestFields() {
    Map<String, String> samples =
        Map.ofEntries(
            Map.entry("cache_control", "{\"type\":\"ephemeral\"}"),
            Map.entry("inference_geo", "\"eu\""),
            Map.entry("metadata", "{\"user_id\":\"u1\"}"),
            Map.entry("output_config", "{\"effort\":\"low\"}"),
            Map.entry("service_tier", "\"standard_only\""),
            Map.entry("stop_sequences", "[\"END\"]"),
            Map.entry("system", "[{\"type\":\"text\",\"text\":\"be brief\"}]"),
            Map.entry("temperature", "0.25"),
            Map.entry("thinking", "{\"type\":\"enabled\",\"budget_tokens\":1024}"),
            Map.entry("tool_choice", "{\"type\":\"auto\"}"),
            Map.entry("top_k", "7"),
            Map.entry("top_p", "0.9"),
            Map.entry("context_management", "{\"edits\":[]}"),
            Map.entry("mcp_servers", "[]"),
            Map.entry("any field that is not known", "1"),
            Map.entry("max_tokens", "77"),
            Map.entry("model", "\"scripted-model\""));
    samples.forEach((name, sample) -> {
      ObjectNode request = request();
      request.set(name, Json.parse(sample, "sample"));
      passedThrough(REQUEST, name, request, name, "");
    });
    ObjectNode named = request();
    String container = http.container();
    for (String form : List.of("container (string)", "container.id")) {
      if (form.equals("container.id")) {
        named.putObject("container").put("id", container);
      } else {
        named.put("container", container);
      }
      JsonNode reply = ok(named, ModelReply.bash("true"), ModelReply.saying("ok"));
      assertThat(reply.at("/container/id").asString()).isEqualTo(container);
      table.add(REQUEST, form, Verdict.SUPPORTED, "the same container answers");
    }
    ObjectNode withNull = request().putNull("container");
    assertThat(
            ok(withNull, ModelReply.bash("true"), ModelReply.saying("ok"))
                .at("/container/id")
                .asString())
        .startsWith("container_");
    table.add(REQUEST, "container: null", Verdict.SUPPORTED, "a fresh container, when code runs");
    ObjectNode skills = request();
    skills.putObject("container").putArray("skills");
    accepted(REQUEST, "container.skills", skills);
    ObjectNode streamed = request().put("stream", true);
    upstream.reset();
    upstream.reply(ModelReply.saying("ok"));
    RawHttp.Answer answer = http.message(Json.write(streamed));
    if (answer.status() == 200 && answer.text().contains("event: message_stop")) {
      table.add(REQUEST, "stream", Verdict.SUPPORTED, "server-sent events");
    } else {
      table.add(REQUEST, "stream", Verdict.REFUSED, answer.error());
    }
    ObjectNode clientTool = request();
    clientTool.withArray("tools").add(tool("lookup"));
    upstream.reset();
    assertThat(
            ok(clientTool, ModelReply.of().call("lookup", Json.object()).build())
                .path("stop_reason")
                .asString())
        .isEqualTo("tool_use");
    table.add(REQUEST, "tools (of the client)", Verdict.PASSED_THROUGH, "beside code execution");
    table.add(REQUEST, "messages", Verdict.SUPPORTED, "see the content blocks below");
  }

  private void toolFields() {
    for (String version :
        List.of(
            "code_execution_20250522",
            "code_execution_20250825",
            "code_execution_20260120",
            "code_execution_20260521")) {
      ObjectNode request = request();
      ((ObjectNode) request.at("/tools/0")).put("type", version);
      ok(request, ModelReply.saying("ok"));
      assertThat(upstream.received().getFirst().body().path("tools").size()).isPositive();
      table.add(TOOL_FIELDS, "type: " + version, Verdict.SUPPORTED, "");
    }
    Map<String, String> fields =
        Map.of(
            "cache_control", "{\"type\":\"ephemeral\"}",
            "defer_loading", "true",
            "strict", "true",
            "any field that is not known", "1");
    fields.forEach((name, value) -> {
      ObjectNode request = request();
      ((ObjectNode) request.at("/tools/0")).set(name, Json.parse(value, "sample"));
      upstream.reset();
      upstream.reply(ModelReply.saying("ok"));
      RawHttp.Answer answer = http.message(Json.write(request));
      if (answer.status() != 200) {
        table.add(TOOL_FIELDS, name, Verdict.REFUSED, answer.error());
      } else if (upstream
          .received()
          .getFirst()
          .body()
          .path("tools")
          .valueStream()
          .anyMatch(offered -> offered.path(name).equals(Json.parse(value, "sample")))) {
        table.add(TOOL_FIELDS, name, Verdict.PASSED_THROUGH, "with the tools that stand for it");
      } else {
        table.add(TOOL_FIELDS, name, Verdict.ACCEPTED, "");
      }
    });
    ObjectNode direct = request();
    ((ObjectNode) direct.at("/tools/0")).putArray("allowed_callers").add("direct");
    accepted(TOOL_FIELDS, "allowed_callers", direct);
    ObjectNode callers = request();
    ObjectNode lookup = tool("lookup");
    lookup.putArray("allowed_callers").add(TOOL);
    callers.withArray("tools").add(lookup);
    accepted(TOOL_FIELDS, "allowed_callers of a client tool, naming code execution", callers);
  }

  private void blocks() {
    Map<String, String> user =
        Map.of(
            "text",
            "{\"type\":\"text\",\"text\":\"t\",\"cache_control\":{\"type\":\"ephemeral\"}}",
            "image (base64)",
            source("image", "image/png", PNG),
            "document (base64)",
            source("document", "application/pdf", PDF),
            "search_result",
            "{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"t\","
                + "\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}",
            "any block that is not known",
            "{\"type\":\"made_up\",\"a\":1}");
    user.forEach((name, block) -> {
      ObjectNode request = request();
      content(request, 0).add(Json.parse(block, "block"));
      passedThroughBlock(name, request, block);
    });
    Map<String, String> assistant =
        Map.of(
            "thinking", "{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"s\"}",
            "redacted_thinking", "{\"type\":\"redacted_thinking\",\"data\":\"d\"}",
            "text with citations",
                "{\"type\":\"text\",\"text\":\"t\",\"citations\":[{\"type\":\"char_location\"}]}");
    assistant.forEach((name, block) -> {
      ObjectNode request = request();
      request.withArray("messages").addObject().put("role", "assistant").putArray("content");
      content(request, 1).add(Json.parse(block, "block"));
      request.withArray("messages").addObject().put("role", "user").put("content", "go on");
      passedThroughBlock(name, request, block);
    });
    for (String family :
        List.of("code_execution", "bash_code_execution", "text_editor_code_execution")) {
      ObjectNode request = history(family);
      ok(request, ModelReply.saying("ok"));
      JsonNode sent = upstream.received().getFirst().body().path("messages");
      assertThat(sent.toString()).contains("\"tool_use\"", "\"tool_result\"", "out42");
      assertThat(sent.toString()).doesNotContain("server_tool_use");
      table.add(
          BLOCKS,
          "server_tool_use and " + family + "_tool_result",
          Verdict.SUPPORTED,
          "the upstream sees a call of a client tool and its result");
    }
    String file = uploaded("data.csv", "text/csv", "a\n");
    ObjectNode upload = request();
    content(upload, 0).addObject().put("type", "container_upload").put("file_id", file);
    JsonNode seen =
        ok(upload, ModelReply.bash("cat \"$INPUT_DIR/data.csv\""), ModelReply.saying("ok"));
    assertThat(seen.at("/content/1/content/stdout").asString()).isEqualTo("a\n");
    table.add(BLOCKS, "container_upload", Verdict.SUPPORTED, "mounted under $INPUT_DIR");
    for (Map.Entry<String, String> kind :
        Map.of("document", "text/plain", "image", "image/png").entrySet()) {
      String id = uploaded("f", kind.getValue(), "x");
      ObjectNode request = request();
      ObjectNode block = content(request, 0).addObject().put("type", kind.getKey());
      block.putObject("source").put("type", "file").put("file_id", id);
      accepted(BLOCKS, kind.getKey() + " (source: file)", request);
    }
  }

  // Reply

  private void reply() {
    ObjectNode given =
        ModelReply.of().text("said").usage("input_tokens", 11).usage("output_tokens", 5).build();
    given.put("stop_reason", "max_tokens").put("stop_sequence", "END");
    given.putObject("stop_details").put("type", "made_up");
    given.put("a_field_of_the_upstream", 1);
    given.withObject("usage").put("service_tier", "priority");
    given.withObject("usage").put("inference_geo", "moon");
    ObjectNode request = request();
    request.put("container", http.container());
    JsonNode reply = ok(request, given);
    table.add(REPLY, "content", Verdict.SUPPORTED, "the model's blocks, and our calls and results");
    table.add(REPLY, "stop_reason", Verdict.SUPPORTED, "the model's last, or ours: see below");
    JsonNode twice =
        ok(
            request(),
            counting(ModelReply.of().call("bash_code_execution", command("true")), 11, 5),
            counting(ModelReply.of().text("said"), 20, 7));
    assertThat(twice.at("/usage/input_tokens").asInt()).isEqualTo(31);
    assertThat(twice.at("/usage/output_tokens").asInt()).isEqualTo(12);
    table.add(REPLY, "usage.input_tokens", Verdict.SUPPORTED, "the sum of the model's replies");
    table.add(REPLY, "usage.output_tokens", Verdict.SUPPORTED, "the sum of the model's replies");
    for (String field :
        List.of(
            "/id",
            "/role",
            "/type",
            "/model",
            "/stop_sequence",
            "/stop_details",
            "/a_field_of_the_upstream",
            "/usage/cache_creation_input_tokens",
            "/usage/cache_read_input_tokens",
            "/usage/service_tier",
            "/usage/inference_geo",
            "/usage/server_tool_use/web_search_requests",
            "/usage/server_tool_use/web_fetch_requests",
            "/container/id",
            "/container/expires_at",
            "/container/skills")) {
      String name =
          field.equals("/a_field_of_the_upstream")
              ? "any field of the upstream"
              : field.substring(1).replace('/', '.');
      JsonNode value = reply.at(field);
      JsonNode original = given.at(field);
      if (value.isMissingNode()) {
        table.add(REPLY, name, Verdict.NOT_SENT, "");
      } else if (value.toString().equals(original.toString())
          || value.toString().contains("said")) {
        table.add(REPLY, name, Verdict.PASSED_THROUGH, "");
      } else {
        table.add(REPLY, name, Verdict.SUPPORTED, "made here");
      }
    }
  }

  private void results() {
    Set<String> seen = new LinkedHashSet<>();
    whileAnotherCellRuns(() -> collect(seen, ModelReply.bash("true")));
    JsonNode large =
        ok(request(), ModelReply.bash("head -c 2000000 /dev/zero > \"$OUTPUT_DIR/large\""));
    assertThat(large.at("/content/1/content/stderr").asString()).contains("'large' was left");
    note(seen, large);
    collect(seen, ModelReply.bash("true"), ModelReply.saying("ok"));
    collect(seen, python("print(1)"), ModelReply.saying("ok"));
    collect(seen, ModelReply.bash("echo 1 > \"$OUTPUT_DIR/f\""), ModelReply.saying("ok"));
    collect(seen, python("import os; open(os.environ['OUTPUT_DIR'] + '/f', 'w').write('1')"));
    collect(seen, edit("{\"command\":\"create\",\"path\":\"a\",\"file_text\":\"x\"}"));
    collect(
        seen,
        edit("{\"command\":\"create\",\"path\":\"a\",\"file_text\":\"x\"}"),
        edit("{\"command\":\"str_replace\",\"path\":\"a\",\"old_str\":\"x\",\"new_str\":\"y\"}"),
        edit("{\"command\":\"view\",\"path\":\"a\"}"));
    collect(seen, edit("{\"command\":\"view\",\"path\":\"nothing\"}"));
    for (String tool :
        List.of("code_execution", "bash_code_execution", "text_editor_code_execution")) {
      collect(seen, ModelReply.of().call(tool, Json.object().put("nonsense", 1)).build());
    }
    JsonNode late = ok(request(), ModelReply.bash("echo begun; sleep 30"), ModelReply.saying("ok"));
    assertThat(late.at("/content/1/content/stderr").asString()).contains("detection_timeout");
    assertThat(late.at("/content/1/content/return_code").asInt()).isNotZero();
    table.add(
        RESULTS, "detection_timeout", Verdict.SUPPORTED, "in stderr, with a non-zero return code");
    ObjectNode old = request();
    old.put("container", http.container());
    clock.advance(Duration.ofDays(31));
    JsonNode expired = ok(old);
    assertThat(upstream.received()).isEmpty();
    note(seen, expired);
    for (String name :
        List.of(
            "code_execution_result",
            "code_execution_output",
            "code_execution_tool_result_error",
            "encrypted_code_execution_result",
            "bash_code_execution_result",
            "bash_code_execution_output",
            "bash_code_execution_tool_result_error",
            "text_editor_code_execution_view_result",
            "text_editor_code_execution_create_result",
            "text_editor_code_execution_str_replace_result",
            "text_editor_code_execution_tool_result_error",
            "error_code: invalid_tool_input",
            "error_code: too_many_requests",
            "error_code: output_file_too_large",
            "error_code: file_not_found",
            "error_code: container_expired")) {
      table.add(
          RESULTS,
          name,
          seen.contains(name) ? Verdict.SUPPORTED : Verdict.NOT_SENT,
          switch (name) {
            case "encrypted_code_execution_result" ->
                "belongs to web search, which this server does not run";
            case "error_code: output_file_too_large" ->
                "the result is kept, and stderr names the file that was too large";
            default -> "";
          });
    }
  }

  private void events() {
    ObjectNode request = request().put("stream", true);
    upstream.reset();
    upstream
        .reply(
            ModelReply.of()
                .text("I look.")
                .call("bash_code_execution", Json.object().put("command", "true"))
                .build())
        .reply(ModelReply.saying("ok"));
    RawHttp.Answer answer = http.message(Json.write(request));
    Set<String> seen = new LinkedHashSet<>();
    Pattern.compile("\"type\":\"([a-z_]+(?:_delta|_start|_stop))\"")
        .matcher(answer.text())
        .results()
        .forEach(match -> seen.add(match.group(1)));
    for (String event :
        List.of(
            "message_start",
            "content_block_start",
            "text_delta",
            "input_json_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop")) {
      table.add(EVENTS, event, seen.contains(event) ? Verdict.SUPPORTED : Verdict.NOT_SENT, "");
    }
  }

  private void routes() {
    for (String route :
        List.of(
            "POST /v1/messages",
            "POST /v1/messages/count_tokens",
            "GET /v1/models",
            "GET /v1/models/{id}",
            "POST /v1/messages/batches",
            "GET /v1/messages/batches",
            "GET /v1/messages/batches/{id}",
            "POST /v1/messages/batches/{id}/cancel",
            "GET /v1/messages/batches/{id}/results",
            "DELETE /v1/messages/batches/{id}",
            "POST /v1/files",
            "GET /v1/files",
            "GET /v1/files/{id}",
            "GET /v1/files/{id}/content",
            "DELETE /v1/files/{id}",
            "POST /v1/skills",
            "GET /v1/skills",
            "GET /v1/skills/{id}",
            "DELETE /v1/skills/{id}",
            "POST /v1/skills/{id}/versions",
            "GET /v1/skills/{id}/versions",
            "GET /v1/skills/{id}/versions/{version}",
            "DELETE /v1/skills/{id}/versions/{version}",
            "GET /v1/skills/{id}/versions/{version}/content",
            "POST /v1/complete",
            "GET /v1/organizations/cost_report",
            "GET /v1/organizations/usage_report/messages")) {
      int space = route.indexOf(' ');
      RawHttp.Answer answer =
          http.call(
              route.substring(0, space),
              route.substring(space + 1).replace("{id}", "x").replace("{version}", "1"),
              new byte[0]);
      assertThat(answer.status()).as(route + ": " + answer.text()).isBetween(200, 499);
      boolean there = !answer.text().contains("No such route") && answer.status() != 405;
      table.add(
          ROUTES,
          route,
          there ? Verdict.SUPPORTED : Verdict.REFUSED,
          there ? "" : "404, no such route");
    }
  }

  private void headers() {
    upstream.reset();
    upstream.reply(ModelReply.saying("ok"));
    RawHttp.Answer answer = http.message(Json.write(request()));
    for (String header :
        List.of(
            "request-id",
            "anthropic-organization-id",
            "anthropic-workspace-id",
            "anthropic-ratelimit-requests-limit",
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-input-tokens-limit",
            "anthropic-ratelimit-output-tokens-limit")) {
      table.add(
          HEADERS,
          header,
          answer.header(header).isEmpty() ? Verdict.NOT_SENT : Verdict.SUPPORTED,
          "");
    }
  }

  private void stopReasons() {
    for (String reason :
        List.of(
            "end_turn",
            "max_tokens",
            "stop_sequence",
            "refusal",
            "model_context_window_exceeded",
            "compaction")) {
      ObjectNode given = ModelReply.of().text("x").stop(reason).build();
      assertThat(ok(request(), given).path("stop_reason").asString()).isEqualTo(reason);
      table.add(STOP_REASONS, reason, Verdict.PASSED_THROUGH, "");
    }
    upstream.reset();
    upstream.otherwise(_ -> ModelReply.bash("true"));
    RawHttp.Answer paused = http.message(Json.write(request()));
    assertThat(paused.json().path("stop_reason").asString()).isEqualTo("pause_turn");
    table.add(STOP_REASONS, "pause_turn", Verdict.SUPPORTED, "after ten replies of the model");
    table.add(STOP_REASONS, "tool_use", Verdict.SUPPORTED, "for tools of the client");
  }

  private void calls() {
    for (String version : List.of("code_execution_20250825", TOOL)) {
      ObjectNode request = request();
      ((ObjectNode) request.at("/tools/0")).put("type", version);
      ObjectNode lookup = tool("lookup");
      lookup.putArray("allowed_callers").add(version);
      request.withArray("tools").add(lookup);
      JsonNode pause = ok(request, python("print(await lookup({'key': 'a'}))"));
      assertThat(pause.path("stop_reason").asString()).isEqualTo("tool_use");
      assertThat(pause.at("/content/0/caller/type").asString()).isEqualTo("direct");
      assertThat(pause.at("/content/1/caller/type").asString()).isEqualTo(version);
      assertThat(pause.at("/content/1/caller/tool_id")).isEqualTo(pause.at("/content/0/id"));
      table.add(CALLS, "caller.type: " + version, Verdict.SUPPORTED, "on tool_use, with tool_id");
      request.put("container", pause.at("/container/id").asString());
      request
          .withArray("messages")
          .addObject()
          .put("role", "assistant")
          .set("content", pause.path("content"));
      request
          .withArray("messages")
          .addObject()
          .put("role", "user")
          .putArray("content")
          .addObject()
          .put("type", "tool_result")
          .put("tool_use_id", pause.at("/content/1/id").asString())
          .put("content", "found");
      JsonNode end = ok(request, ModelReply.saying("ok"));
      assertThat(end.at("/content/0/type").asString()).isEqualTo("code_execution_tool_result");
      assertThat(end.at("/content/0/content/stdout").asString()).isEqualTo("found\n");
    }
    table.add(CALLS, "caller.type: direct", Verdict.SUPPORTED, "on every server_tool_use");
    table.add(
        CALLS, "continuation with tool_result blocks", Verdict.SUPPORTED, "its result comes first");
  }

  // Observing

  private void passedThrough(
      String section, String name, ObjectNode request, String field, String remark) {
    upstream.reset();
    upstream.reply(ModelReply.saying("ok"));
    RawHttp.Answer answer = http.message(Json.write(request));
    if (answer.status() != 200) {
      table.add(section, name, Verdict.REFUSED, answer.error());
      return;
    }
    assertThat(upstream.received().getFirst().body().path(field))
        .as(name)
        .isEqualTo(Json.parse(Json.write(request.path(field)), "field"));
    table.add(section, name, Verdict.PASSED_THROUGH, remark);
  }

  private void passedThroughBlock(String name, ObjectNode request, String block) {
    upstream.reset();
    upstream.reply(ModelReply.saying("ok"));
    RawHttp.Answer answer = http.message(Json.write(request));
    if (answer.status() != 200) {
      table.add(BLOCKS, name, Verdict.REFUSED, answer.error());
      return;
    }
    assertThat(Json.write(upstream.received().getFirst().body()))
        .as(name)
        .contains(Json.write(Json.parse(block, "block")));
    table.add(BLOCKS, name, Verdict.PASSED_THROUGH, "");
  }

  /** For what has tests of its own: here only whether it is taken at all. */
  private void accepted(String section, String name, ObjectNode request) {
    upstream.reset();
    upstream.reply(ModelReply.saying("ok"));
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(name + ": " + answer.text()).isBetween(200, 499);
    table.add(
        section,
        name,
        answer.status() == 200 ? Verdict.SUPPORTED : Verdict.REFUSED,
        answer.status() == 200 ? "" : answer.error());
  }

  /** The key has a place for one request that runs code, and that is taken meanwhile. */
  private static void whileAnotherCellRuns(Runnable work) {
    String container = http.container();
    String files = "/v1/containers/" + container + "/files/tmp/";
    CompletableFuture<JsonNode> running =
        CompletableFuture.supplyAsync(
            () -> http.cell(container, "bash", "touch /tmp/runs; sleep 0.8; rm /tmp/runs"));
    Awaitility.await().until(() -> http.get(files + "runs").status() == 200);
    work.run();
    running.join();
  }

  private static void collect(Set<String> seen, ObjectNode... replies) {
    note(seen, ok(request(), replies));
  }

  private static void note(Set<String> seen, JsonNode reply) {
    for (JsonNode block : reply.path("content")) {
      JsonNode content = block.path("content");
      seen.add(content.path("type").asStringOpt().orElse(""));
      seen.add("error_code: " + content.path("error_code").asStringOpt().orElse(""));
      for (JsonNode output : content.path("content")) {
        seen.add(output.path("type").asStringOpt().orElse(""));
      }
    }
  }

  private static JsonNode ok(ObjectNode request, ObjectNode... replies) {
    upstream.reset();
    for (ObjectNode reply : replies) {
      upstream.reply(reply);
    }
    upstream.otherwise(_ -> ModelReply.saying("ok"));
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static ObjectNode request() {
    ObjectNode request = Json.object().put("model", "scripted-model").put("max_tokens", 2000);
    request
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("type", "text")
        .put("text", "go");
    request.putArray("tools").addObject().put("type", TOOL).put("name", "code_execution");
    return request;
  }

  private static tools.jackson.databind.node.ArrayNode content(ObjectNode request, int message) {
    return ((ObjectNode) request.path("messages").path(message)).withArray("content");
  }

  private static ObjectNode history(String family) {
    ObjectNode request = request();
    request.withArray("messages").addObject().put("role", "assistant").putArray("content");
    ObjectNode use =
        content(request, 1)
            .addObject()
            .put("type", "server_tool_use")
            .put("id", "srvtoolu_1")
            .put("name", family);
    use.putObject("input").put("command", "x");
    use.putObject("caller").put("type", "direct");
    ObjectNode result =
        content(request, 1)
            .addObject()
            .put("type", family + "_tool_result")
            .put("tool_use_id", "srvtoolu_1");
    ObjectNode inner = result.putObject("content");
    if (family.startsWith("text")) {
      inner
          .put("type", family + "_view_result")
          .put("file_type", "text")
          .put("content", "out42")
          .put("num_lines", 1);
    } else {
      inner.put("type", family + "_result").put("stdout", "out42").put("stderr", "");
      inner.put("return_code", 0).putArray("content");
    }
    content(request, 1).addObject().put("type", "text").put("text", "said");
    request.withArray("messages").addObject().put("role", "user").put("content", "go on");
    return request;
  }

  private static ObjectNode tool(String name) {
    ObjectNode tool = Json.object().put("name", name).put("description", "d");
    tool.putObject("input_schema").put("type", "object");
    return tool;
  }

  private static ObjectNode counting(ModelReply reply, int input, int output) {
    return reply.usage("input_tokens", input).usage("output_tokens", output).build();
  }

  private static ObjectNode command(String text) {
    return Json.object().put("command", text);
  }

  private static ObjectNode python(String code) {
    return ModelReply.of().call("code_execution", Json.object().put("code", code)).build();
  }

  private static ObjectNode edit(String input) {
    return ModelReply.of()
        .call("text_editor_code_execution", (ObjectNode) Json.parse(input, "input"))
        .build();
  }

  private static String source(String type, String mediaType, String data) {
    return "{\"type\":\"%s\",\"source\":{\"type\":\"base64\",\"media_type\":\"%s\",\"data\":\"%s\"}}"
        .formatted(type, mediaType, data);
  }

  private static String uploaded(String name, String type, String text) {
    return caisson
        .engine()
        .files()
        .upload(
            caisson.organization(),
            name,
            type,
            new java.io.ByteArrayInputStream(
                text.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
            java.util.Optional.empty())
        .id()
        .value();
  }
}
