package dev.caisson.testkit;

import static dev.caisson.testkit.StreamedMessages.blockDelta;
import static dev.caisson.testkit.StreamedMessages.blockStart;
import static dev.caisson.testkit.StreamedMessages.blockStop;
import static dev.caisson.testkit.StreamedMessages.command;
import static dev.caisson.testkit.StreamedMessages.content;
import static dev.caisson.testkit.StreamedMessages.request;
import static dev.caisson.testkit.StreamedMessages.script;
import static dev.caisson.testkit.StreamedMessages.starts;
import static dev.caisson.testkit.StreamedMessages.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.testkit.EventSocket.Event;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Streamed messages, event by event, with a scripted model that streams as well. */
@Timeout(60)
class MessageStreamTest {
  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  static RawHttp http;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson =
        RunningCaisson.over(directory)
            .upstream(upstream)
            .clock(clock)
            .messages(messages -> messages.withIterations(3))
            .server(server -> server.withPing(Duration.ofMillis(200)))
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
  void aCallAndItsResultAreTheEventsOfTheContract() {
    upstream.stream(
        StreamedReply.of(
            ModelReply.of()
                .text("So:")
                .call("toolu_x1", "bash_code_execution", command("echo hi"))
                .build(),
            8))
        .stream(StreamedReply.of(ModelReply.saying("Done.")));
    List<Event> events = events(request("code_execution_20250825", "go"));
    String container = events.get(events.size() - 2).json().at("/delta/container/id").asString();
    assertThat(container).startsWith("container_");
    JsonNode start = events.getFirst().json();
    assertThat(start.at("/message/id").asString()).startsWith("msg_");
    assertThat(start.at("/message/content").size()).isZero();
    assertThat(start.at("/message/stop_reason").isNull()).isTrue();
    assertThat(start.at("/message/usage/server_tool_use/web_search_requests").isInt()).isTrue();
    assertThat(start.at("/message/container").isMissingNode()).isTrue();
    assertThat(events.subList(1, events.size() - 2).stream().map(Event::toString))
        .containsExactly(
            blockStart(0, "{\"type\":\"text\",\"text\":\"\"}"),
            blockDelta(0, "{\"type\":\"text_delta\",\"text\":\"So:\"}"),
            blockStop(0),
            blockStart(
                1,
                "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_x1\","
                    + "\"name\":\"bash_code_execution\",\"input\":{},"
                    + "\"caller\":{\"type\":\"direct\"}}"),
            blockDelta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
            blockDelta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"comman\"}"),
            blockDelta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"d\\\":\\\"echo\"}"),
            blockDelta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\" hi\\\"}\"}"),
            blockStop(1),
            blockStart(
                2,
                "{\"type\":\"bash_code_execution_tool_result\",\"tool_use_id\":\"srvtoolu_x1\","
                    + "\"content\":{\"type\":\"bash_code_execution_result\",\"stdout\":\"hi\\n\","
                    + "\"stderr\":\"\",\"return_code\":0,\"content\":[]}}"),
            blockStop(2),
            blockStart(3, "{\"type\":\"text\",\"text\":\"\"}"),
            blockDelta(3, "{\"type\":\"text_delta\",\"text\":\"Done.\"}"),
            blockStop(3));
    JsonNode end = events.get(events.size() - 2).json();
    assertThat(end.path("type").asString()).isEqualTo("message_delta");
    assertThat(end.at("/delta/stop_reason").asString()).isEqualTo("end_turn");
    assertThat(end.at("/delta/stop_sequence").isNull()).isTrue();
    assertThat(end.at("/delta/container/expires_at").asString()).endsWith("Z");
    assertThat(end.at("/usage/input_tokens").asInt()).isEqualTo(20);
    assertThat(end.at("/usage/output_tokens").asInt()).isEqualTo(10);
    assertThat(events.getLast()).hasToString("message_stop {\"type\":\"message_stop\"}");

    JsonNode asked = upstream.received().getLast().body();
    assertThat(asked.path("stream").asBoolean()).isTrue();
    assertThat(Json.write(asked.at("/messages/1/content/1")))
        .isEqualTo(
            "{\"type\":\"tool_use\",\"id\":\"toolu_x1\",\"name\":\"bash_code_execution\","
                + "\"input\":{\"command\":\"echo hi\"}}");
  }

  @Test
  void theHeadOfAStreamSaysWhatItIs() {
    upstream.reply(ModelReply.saying("ok"));
    try (EventSocket stream = EventSocket.message(caisson, request("", "go"))) {
      assertThat(stream.status()).isEqualTo(200);
      assertThat(stream.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
      assertThat(stream.header("cache-control")).isEqualTo("no-cache");
      assertThat(stream.header("request-id")).startsWith("req_");
      assertThat(stream.rest()).isNotEmpty();
    }
  }

  @Test
  void whatTheModelHasSaidIsThereBeforeItSaysMore() throws InterruptedException {
    CountDownLatch more = new CountDownLatch(1);
    // message_start, ping, block start and one word; the second word waits for us.
    upstream.stream(StreamedReply.of(ModelReply.saying("first second"), 6).holdBefore(4, more));
    try (EventSocket stream = EventSocket.message(caisson, request("", "go"))) {
      assertThat(stream.until("content_block_delta").json().at("/delta/text").asString())
          .isEqualTo("first ");
      more.countDown();
      assertThat(stream.until("content_block_delta").json().at("/delta/text").asString())
          .isEqualTo("second");
      assertThat(stream.rest().getLast().name()).isEqualTo("message_stop");
    }
  }

  @Test
  void bytesMayBeCutAnywhere() {
    upstream.stream(
        StreamedReply.of(ModelReply.saying("Zażółć 🦊 gęślą\u2028jaźń\n"), 3).inPiecesOf(1));
    assertThat(text(events(request("", "go")))).isEqualTo("Zażółć 🦊 gęślą\u2028jaźń\n");
  }

  @Test
  void thinkingAndItsSignatureGoToTheClientAndBackToTheModel() {
    ObjectNode redacted = Json.object().put("type", "redacted_thinking").put("data", "c2VjcmV0");
    upstream.stream(
        StreamedReply.of(
            ModelReply.of()
                .block(
                    Json.object()
                        .put("type", "thinking")
                        .put("thinking", "hmm, let me think")
                        .put("signature", "sig=="))
                .block(redacted)
                .call("toolu_t", "bash_code_execution", command("true"))
                .build()))
        .stream(StreamedReply.of(ModelReply.saying("ok")));
    List<Event> events = events(request("code_execution_20250825", "go"));
    assertThat(events.stream().map(Event::toString))
        .contains(
            blockDelta(0, "{\"type\":\"signature_delta\",\"signature\":\"sig==\"}"),
            blockStart(1, Json.write(redacted)));
    JsonNode back = upstream.received().getLast().body().at("/messages/1/content");
    assertThat(Json.write(back.get(0)))
        .isEqualTo(
            "{\"type\":\"thinking\",\"thinking\":\"hmm, let me think\",\"signature\":\"sig==\"}");
    assertThat(back.get(1)).isEqualTo(redacted);
  }

  @Test
  void whatWeDoNotKnowPassesThroughAndIsKeptForTheModel() {
    upstream.stream(
        script(
            """
            {"type":"message_start","message":{"id":"weird id","model":"m","new_field":1.0,"usage":{"input_tokens":3,"output_tokens":0}}}
            {"type":"content_block_start","index":7,"content_block":{"type":"holo_block","shape":"cube","text":"a"}}
            {"type":"content_block_delta","index":7,"delta":{"type":"holo_delta","text":"b","angle":1.50}}
            {"type":"holo_event","index":7,"x":1}
            {"type":"content_block_stop","index":7}
            {"type":"content_block_start","index":8,"content_block":{"type":"text","text":"","citations":[]}}
            {"type":"content_block_delta","index":8,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"x"}}}
            {"type":"content_block_stop","index":8}
            {"type":"content_block_start","index":9,"content_block":{"type":"tool_use","id":"toolu_1","name":"bash_code_execution","input":{}}}
            {"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"{\\"command\\":\\"true\\"}"}}
            {"type":"content_block_stop","index":9}
            {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":4,"new_counter":2}}
            {"type":"message_stop"}\
            """));
    List<ObjectNode> second = MessageEvents.of(ModelReply.saying("ok"), 100);
    second.get(second.size() - 2).putObject("context_management").put("a", 1);
    upstream.stream(StreamedReply.events(second));

    List<Event> events = events(request("code_execution_20250825", "go"));
    JsonNode message = events.getFirst().json().path("message");
    assertThat(message.path("id").asString()).startsWith("msg_");
    assertThat(Json.write(message.path("new_field"))).isEqualTo("1.0");
    assertThat(events.stream().map(Event::toString))
        .contains(
            blockStart(0, "{\"type\":\"holo_block\",\"shape\":\"cube\",\"text\":\"a\"}"),
            blockDelta(0, "{\"type\":\"holo_delta\",\"text\":\"b\",\"angle\":1.50}"),
            "holo_event {\"type\":\"holo_event\",\"index\":0,\"x\":1}");
    JsonNode ended = events.get(events.size() - 2).json();
    assertThat(ended.at("/context_management/a").asInt()).isEqualTo(1);
    assertThat(ended.at("/usage/new_counter").asInt()).isEqualTo(2);
    assertThat(ended.at("/usage/input_tokens").asInt()).isEqualTo(13);
    assertThat(ended.at("/usage/output_tokens").asInt()).isEqualTo(9);
    JsonNode back = upstream.received().getLast().body().at("/messages/1/content");
    assertThat(Json.write(back.get(0)))
        .isEqualTo("{\"type\":\"holo_block\",\"shape\":\"cube\",\"text\":\"ab\",\"angle\":1.50}");
    assertThat(back.at("/1/citations/0/cited_text").asString()).isEqualTo("x");
  }

  @Test
  void severalCallsOfOneReplyAreRunInOrderAfterIt() {
    upstream.stream(
        StreamedReply.of(
            ModelReply.of()
                .call("toolu_a", "bash_code_execution", command("echo 1 >> ~/log; cat ~/log"))
                .call("toolu_b", "bash_code_execution", command("echo 2 >> ~/log; cat ~/log"))
                .build()))
        .stream(StreamedReply.of(ModelReply.saying("done")));
    List<JsonNode> begun = starts(events(request("code_execution_20250825", "go")));
    assertThat(begun.stream().map(block -> block.path("type").asString()))
        .containsExactly(
            "server_tool_use",
            "server_tool_use",
            "bash_code_execution_tool_result",
            "bash_code_execution_tool_result",
            "text");
    assertThat(begun.get(3).at("/content/stdout").asString()).isEqualTo("1\n2\n");
  }

  @Test
  void aLoopThatGoesOnIsPausedAndCanBeContinued() {
    for (int i = 0; i < 3; i++) {
      upstream.stream(StreamedReply.of(ModelReply.bash("echo x >> ~/count; wc -l < ~/count")));
    }
    ObjectNode request = request("code_execution_20250825", "go");
    List<Event> paused = events(request);
    JsonNode end = paused.get(paused.size() - 2).json();
    assertThat(end.at("/delta/stop_reason").asString()).isEqualTo("pause_turn");
    assertThat(end.at("/usage/input_tokens").asInt()).isEqualTo(30);

    ArrayNode content = content(paused);
    // As if the limit had come before the last call was run: it is run first now.
    content.remove(content.size() - 1);
    ((ArrayNode) request.get("messages"))
        .addObject()
        .put("role", "assistant")
        .set("content", content);
    request.put("container", end.at("/delta/container/id").asString());
    upstream.stream(StreamedReply.of(ModelReply.saying("done")));
    List<Event> done = events(request);
    List<JsonNode> begun = starts(done);
    assertThat(begun.stream().map(block -> block.path("type").asString()))
        .containsExactly("bash_code_execution_tool_result", "text");
    assertThat(begun.getFirst().at("/content/stdout").asString()).isEqualTo("4\n");
    assertThat(done.stream().filter(event -> event.name().equals("message_start"))).hasSize(1);
  }

  @Test
  void aMixedTurnLetsTheClientAnswerFirst() {
    upstream.stream(
        StreamedReply.of(
            ModelReply.of()
                .call("toolu_s", "bash_code_execution", command("echo server"))
                .call("toolu_c", "look", Json.object().put("k", "a"))
                .build()));
    ObjectNode request = request("code_execution_20250825", "go");
    ((ArrayNode) request.get("tools"))
        .addObject()
        .put("name", "look")
        .putObject("input_schema")
        .put("type", "object");
    List<Event> events = events(request);
    List<JsonNode> begun = starts(events);
    assertThat(begun.stream().map(block -> block.path("type").asString()))
        .containsExactly("server_tool_use", "tool_use");
    assertThat(begun.get(1).at("/caller/type").asString()).isEqualTo("direct");
    JsonNode end = events.get(events.size() - 2).json();
    assertThat(end.at("/delta/stop_reason").asString()).isEqualTo("tool_use");
    assertThat(end.at("/delta/container/id").asString()).startsWith("container_");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "refusal",
        "model_context_window_exceeded",
        "something_new"
      })
  void theReasonToStopIsPassedOn(String reason) {
    upstream.stream(StreamedReply.of(ModelReply.of().text("x").stop(reason).build()));
    List<Event> events = events(request("code_execution_20250825", "go"));
    assertThat(events.get(events.size() - 2).json().at("/delta/stop_reason").asString())
        .isEqualTo(reason);
  }

  @Test
  void aCallThatWasCutShortIsNotRun() {
    upstream.stream(
        script(
            """
            {"type":"message_start","message":{"id":"msg_1","usage":{}}}
            {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"bash_code_execution","input":{}}}
            {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"command\\":\\"ec"}}
            {"type":"content_block_stop","index":0}
            {"type":"message_delta","delta":{"stop_reason":"max_tokens"}}
            {"type":"message_stop"}\
            """));
    List<Event> events = events(request("code_execution_20250825", "go"));
    assertThat(starts(events)).hasSize(1);
    JsonNode end = events.get(events.size() - 2).json();
    assertThat(end.at("/delta/stop_reason").asString()).isEqualTo("max_tokens");
    assertThat(end.at("/delta/container").isMissingNode()).isTrue();
  }

  @Test
  void anUpstreamThatDoesNotStreamIsStreamedAllTheSame() {
    ObjectNode call =
        ModelReply.of()
            .block(Json.object().put("type", "thinking").put("thinking", "t").put("signature", "s"))
            .text("Well.")
            .call("toolu_p", "bash_code_execution", command("echo plain"))
            .build();
    upstream
        .answer(200, Map.of(), Json.write(call))
        .answer(200, Map.of(), Json.write(ModelReply.saying("ok")));
    List<Event> events = events(request("code_execution_20250825", "go"));
    assertThat(events.stream().map(Event::toString))
        .contains(
            blockStart(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
            blockDelta(0, "{\"type\":\"thinking_delta\",\"thinking\":\"t\"}"),
            blockDelta(0, "{\"type\":\"signature_delta\",\"signature\":\"s\"}"),
            blockDelta(1, "{\"type\":\"text_delta\",\"text\":\"Well.\"}"),
            blockDelta(
                2,
                "{\"type\":\"input_json_delta\","
                    + "\"partial_json\":\"{\\\"command\\\":\\\"echo plain\\\"}\"}"));
    assertThat(content(events).at("/3/content/stdout").asString()).isEqualTo("plain\n");
    assertThat(events.getLast().name()).isEqualTo("message_stop");
  }

  @Test
  void aPlainRequestIsAnsweredEvenByAnUpstreamThatOnlyStreams() {
    StringBuilder text = new StringBuilder();
    for (ObjectNode event : MessageEvents.of(ModelReply.saying("only streams"), 4)) {
      text.append("data: ").append(Json.write(event)).append("\r\n\r\n");
    }
    upstream.answer(200, Map.of("content-type", "text/event-stream"), text.toString());
    ObjectNode request = request("", "go");
    request.remove("stream");
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(answer.json().at("/content/0/text").asString()).isEqualTo("only streams");
    assertThat(answer.json().at("/usage/output_tokens").asInt()).isEqualTo(5);
  }

  @Test
  void pingsAreSentWhileCodeRuns() {
    upstream.stream(
        StreamedReply.of(
            ModelReply.bash("for i in $(seq 200); do [ -e /tmp/go ] && break; sleep 0.05; done")))
        .stream(StreamedReply.of(ModelReply.saying("done")));
    String container = http.container();
    ObjectNode request = request("code_execution_20250825", "go").put("container", container);
    try (EventSocket stream = EventSocket.message(caisson, request)) {
      stream.until("content_block_stop");
      assertThat(stream.next()).hasToString("ping {\"type\":\"ping\"}");
      assertThat(stream.next()).hasToString("ping {\"type\":\"ping\"}");
      // The code goes on only when pings were seen here.
      http.put("/v1/containers/" + container + "/files/tmp/go", new byte[] {1});
      assertThat(stream.rest().getLast().name()).isEqualTo("message_stop");
    }
  }

  @Test
  void theDirectModelStreams() {
    ObjectNode request =
        request("code_execution_20260120", "```bash\necho 1\n```\n```python\nprint(2)\n```")
            .put("model", "caisson-direct");
    List<Event> events = events(request);
    ArrayNode content = content(events);
    assertThat(content.valueStream().map(block -> block.path("type").asString()))
        .containsExactly(
            "server_tool_use",
            "bash_code_execution_tool_result",
            "server_tool_use",
            "code_execution_tool_result");
    assertThat(content.at("/2/input/code").asString()).isEqualTo("print(2)\n");
    assertThat(content.at("/3/content/stdout").asString()).isEqualTo("2\n");
    assertThat(events.getLast().name()).isEqualTo("message_stop");
    assertThat(upstream.received()).isEmpty();
  }

  @Test
  void anExpiredContainerIsStreamedAsSuch() {
    String id = http.container();
    clock.advance(Duration.ofDays(31));
    List<Event> events = events(request("code_execution_20250825", "go").put("container", id));
    ArrayNode content = content(events);
    assertThat(content.at("/0/name").asString()).isEqualTo("bash_code_execution");
    assertThat(content.at("/1/content/error_code").asString()).isEqualTo("container_expired");
    JsonNode end = events.get(events.size() - 2).json();
    assertThat(end.at("/delta/stop_reason").asString()).isEqualTo("end_turn");
    assertThat(end.at("/delta/container").isMissingNode()).isTrue();
    assertThat(end.at("/usage/input_tokens").asInt()).isZero();
    assertThat(upstream.received()).isEmpty();
  }

  @Test
  void whatIsWrongWithARequestIsAnOrdinaryError() {
    RawHttp.Answer unknown =
        http.message(
            Json.write(
                request("code_execution_20250825", "go").put("container", "container_none")));
    assertThat(unknown.status()).isEqualTo(404);
    RawHttp.Answer wrong =
        http.message(Json.write(request("code_execution_20250825", "go").put("max_tokens", -1)));
    assertThat(wrong.status()).isEqualTo(400);
    RawHttp.Answer notABoolean = http.message(Json.write(request("", "go").put("stream", "yes")));
    assertThat(notABoolean.status()).isEqualTo(400);
    assertThat(notABoolean.error()).isEqualTo("stream: Input should be a valid boolean");
    assertThat(upstream.received()).isEmpty();
  }

  private static List<Event> events(ObjectNode request) {
    return StreamedMessages.events(caisson, request);
  }
}
