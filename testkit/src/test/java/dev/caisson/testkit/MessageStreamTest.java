package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.testkit.EventSocket.Event;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.CsvSource;
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
            .messages(
                messages -> messages.withIterations(3).withUpstreamTimeout(Duration.ofSeconds(2)))
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
            start(0, "{\"type\":\"text\",\"text\":\"\"}"),
            delta(0, "{\"type\":\"text_delta\",\"text\":\"So:\"}"),
            stop(0),
            start(
                1,
                "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_x1\","
                    + "\"name\":\"bash_code_execution\",\"input\":{},"
                    + "\"caller\":{\"type\":\"direct\"}}"),
            delta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
            delta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"comman\"}"),
            delta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\"d\\\":\\\"echo\"}"),
            delta(1, "{\"type\":\"input_json_delta\",\"partial_json\":\" hi\\\"}\"}"),
            stop(1),
            start(
                2,
                "{\"type\":\"bash_code_execution_tool_result\",\"tool_use_id\":\"srvtoolu_x1\","
                    + "\"content\":{\"type\":\"bash_code_execution_result\",\"stdout\":\"hi\\n\","
                    + "\"stderr\":\"\",\"return_code\":0,\"content\":[]}}"),
            stop(2),
            start(3, "{\"type\":\"text\",\"text\":\"\"}"),
            delta(3, "{\"type\":\"text_delta\",\"text\":\"Done.\"}"),
            stop(3));
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
            delta(0, "{\"type\":\"signature_delta\",\"signature\":\"sig==\"}"),
            start(1, Json.write(redacted)));
    JsonNode back = upstream.received().getLast().body().at("/messages/1/content");
    assertThat(Json.write(back.get(0)))
        .isEqualTo(
            "{\"type\":\"thinking\",\"thinking\":\"hmm, let me think\",\"signature\":\"sig==\"}");
    assertThat(back.get(1)).isEqualTo(redacted);
  }

  @Test
  void whatWeDoNotKnowPassesThroughAndIsKeptForTheModel() {
    String custom = "{\"type\":\"holo_block\",\"shape\":\"cube\",\"text\":\"a\"}";
    List<ObjectNode> script = new ArrayList<>();
    script.add(
        event(
            "{\"type\":\"message_start\",\"message\":{\"id\":\"weird id\",\"type\":\"message\","
                + "\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"new_field\":1.0,"
                + "\"usage\":{\"input_tokens\":3,\"output_tokens\":0}}}"));
    script.add(
        event("{\"type\":\"content_block_start\",\"index\":7,\"content_block\":" + custom + "}"));
    script.add(
        event(
            "{\"type\":\"content_block_delta\",\"index\":7,\"delta\":"
                + "{\"type\":\"holo_delta\",\"text\":\"b\",\"angle\":1.50}}"));
    script.add(event("{\"type\":\"content_block_stop\",\"index\":7}"));
    script.add(
        event(
            "{\"type\":\"content_block_start\",\"index\":8,\"content_block\":"
                + "{\"type\":\"text\",\"text\":\"\",\"citations\":[]}}"));
    script.add(
        event(
            "{\"type\":\"content_block_delta\",\"index\":8,\"delta\":{\"type\":\"citations_delta\","
                + "\"citation\":{\"type\":\"char_location\",\"cited_text\":\"x\"}}}"));
    script.add(event("{\"type\":\"content_block_stop\",\"index\":8}"));
    script.add(
        event(
            "{\"type\":\"content_block_start\",\"index\":9,\"content_block\":"
                + "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"bash_code_execution\",\"input\":{}}}"));
    script.add(
        event(
            "{\"type\":\"content_block_delta\",\"index\":9,\"delta\":"
                + "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"command\\\":\\\"true\\\"}\"}}"));
    script.add(event("{\"type\":\"content_block_stop\",\"index\":9}"));
    script.add(event("{\"type\":\"new_event\",\"x\":1}"));
    script.add(
        event(
            "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},"
                + "\"usage\":{\"output_tokens\":4,\"new_counter\":2}}"));
    script.add(event("{\"type\":\"message_stop\"}"));
    upstream.stream(StreamedReply.events(script));
    ObjectNode second = ModelReply.saying("ok");
    List<ObjectNode> end = new ArrayList<>(MessageEvents.of(second, 100));
    end.get(end.size() - 2).putObject("context_management").put("a", 1);
    upstream.stream(StreamedReply.events(end));

    List<Event> events = events(request("code_execution_20250825", "go"));
    JsonNode message = events.getFirst().json().path("message");
    assertThat(message.path("id").asString()).startsWith("msg_");
    assertThat(Json.write(message.path("new_field"))).isEqualTo("1.0");
    assertThat(events.stream().map(Event::toString))
        .contains(
            start(0, custom),
            delta(0, "{\"type\":\"holo_delta\",\"text\":\"b\",\"angle\":1.50}"),
            "new_event {\"type\":\"new_event\",\"x\":1}");
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
        StreamedReply.events(
            List.of(
                event("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"usage\":{}}}"),
                event(
                    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
                        + "\"tool_use\",\"id\":\"toolu_1\",\"name\":\"bash_code_execution\","
                        + "\"input\":{}}}"),
                event(
                    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
                        + "\"input_json_delta\",\"partial_json\":\"{\\\"command\\\":\\\"ec\"}}"),
                event("{\"type\":\"content_block_stop\",\"index\":0}"),
                event("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"}}"),
                event("{\"type\":\"message_stop\"}"))));
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
            start(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
            delta(0, "{\"type\":\"thinking_delta\",\"thinking\":\"t\"}"),
            delta(0, "{\"type\":\"signature_delta\",\"signature\":\"s\"}"),
            delta(1, "{\"type\":\"text_delta\",\"text\":\"Well.\"}"),
            delta(
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

  @ParameterizedTest
  @CsvSource({
    "400, invalid_request_error",
    "429, rate_limit_error",
    "500, api_error",
    "529, overloaded_error"
  })
  void anErrorBeforeTheFirstEventIsAnOrdinaryError(int status, String type) {
    upstream.answer(status, Map.of("retry-after", "7"), "{\"error\":{\"message\":\"no\"}}").stream(
        StreamedReply.of(ModelReply.saying("never")).failAfter(0, status, "no"));
    RawHttp.Answer answer = http.message(Json.write(request("", "go")));
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo(type);
    assertThat(answer.error()).isEqualTo("upstream: no");
    assertThat(answer.header("retry-after")).isEqualTo("7");
    assertThat(answer.header("content-type")).isEqualTo("application/json");
    assertThat(answer.header("x-should-retry")).isEmpty();

    RawHttp.Answer asEvent = http.message(Json.write(request("", "go")));
    assertThat(asEvent.status()).isEqualTo(status);
    assertThat(asEvent.json().at("/error/type").asString()).isEqualTo(type);
  }

  @Test
  void anErrorInTheMiddleIsAnEventAndTheEnd() {
    int before = containers();
    upstream.stream(StreamedReply.of(ModelReply.bash("echo ran"))).stream(
        StreamedReply.of(ModelReply.saying("half a word")).failAfter(4, 529, "Overloaded"));
    List<Event> events = events(request("code_execution_20250825", "go"));
    JsonNode error = events.getLast().json();
    assertThat(events.getLast().name()).isEqualTo("error");
    assertThat(error.path("type").asString()).isEqualTo("error");
    assertThat(error.at("/error/type").asString()).isEqualTo("overloaded_error");
    assertThat(error.at("/error/message").asString()).isEqualTo("upstream: Overloaded");
    assertThat(error.path("request_id").asString()).startsWith("req_");
    assertThat(events.stream().map(Event::name)).doesNotContain("message_stop");
    assertThat(containers()).isEqualTo(before);
  }

  @Test
  void anUpstreamThatRefusesTheSecondTimeIsAnErrorEvent() {
    upstream.stream(StreamedReply.of(ModelReply.bash("echo ran")))
        .answer(429, Map.of("retry-after", "3"), "{\"error\":{\"message\":\"slow down\"}}");
    List<Event> events = events(request("code_execution_20250825", "go"));
    assertThat(events.getLast().json().at("/error/type").asString()).isEqualTo("rate_limit_error");
    assertThat(events.getLast().json().at("/error/message").asString())
        .isEqualTo("upstream: slow down");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReplyThatIsCutIsNoSilentEnd(boolean abruptly) {
    StreamedReply reply = StreamedReply.of(ModelReply.saying("never to be finished"), 4);
    upstream.stream(abruptly ? reply.cutAfter(5) : reply.endAfter(5));
    List<Event> events = events(request("", "go"));
    assertThat(events.getLast().name()).isEqualTo("error");
    assertThat(events.getLast().json().at("/error/type").asString()).isEqualTo("api_error");
    assertThat(events.getLast().json().at("/error/message").asString()).startsWith("upstream: ");
    assertThat(text(events)).isEqualTo("never to");
  }

  @Test
  void aReplyThatHasSaidWhyItStopsIsComplete() {
    List<ObjectNode> events = MessageEvents.of(ModelReply.saying("enough"), 100);
    upstream.stream(StreamedReply.events(events).endAfter(events.size() - 1));
    assertThat(events(request("", "go")).getLast().name()).isEqualTo("message_stop");
  }

  @Test
  void anUpstreamThatFallsSilentIsGivenUp() {
    CountDownLatch never = new CountDownLatch(1);
    upstream.stream(StreamedReply.of(ModelReply.saying("first second"), 6).holdBefore(4, never));
    try (EventSocket stream = EventSocket.message(caisson, request("", "go"))) {
      assertThat(stream.until("ping").json().path("type").asString()).isEqualTo("ping");
      assertThat(stream.until("error").json().at("/error/type").asString())
          .isEqualTo("timeout_error");
      assertThat(stream.next()).isNull();
    }
    never.countDown();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "data: not json\n\n",
        "data: 7\n\n",
        "data: []\n\n",
        "data: {\"type\":7}\n\n",
        "data: {\"type\":\"message_start\"}\n\n",
        "data: {\"type\":\"message_start\",\"message\":7}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
        ": only a comment\n\n",
        "\u0000\u0001\u0002"
      })
  void aStreamOfNonsenseIsABadGateway(String text) {
    upstream.stream(StreamedReply.raw(text));
    RawHttp.Answer answer = http.message(Json.write(request("", "go")));
    assertThat(answer.status()).as(answer.text()).isEqualTo(502);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("api_error");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"message_start\",\"message\":{}}",
        "{\"type\":\"content_block_delta\",\"index\":4,\"delta\":{}}",
        "{\"type\":\"content_block_stop\"}",
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{}}",
        "{\"type\":\"error\"}"
      })
  void nonsenseInTheMiddleIsAnErrorEvent(String event) {
    upstream.stream(
        StreamedReply.events(
            List.of(
                event("{\"type\":\"message_start\",\"message\":{}}"),
                event(
                    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
                        + "{\"type\":\"text\",\"text\":\"\"}}"),
                event(event))));
    List<Event> events = events(request("", "go"));
    assertThat(events.getLast().name()).isEqualTo("error");
    assertThat(events.getLast().json().at("/error/type").asString()).isEqualTo("api_error");
  }

  @Test
  void blocksOfNoFormAreNoCrash() {
    upstream.stream(
        StreamedReply.events(
            List.of(
                event("{\"type\":\"message_start\",\"message\":{\"content\":[7]}}"),
                event("{\"type\":\"content_block_start\",\"index\":0,\"content_block\":7}"),
                event("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"x\"}}"),
                event("{\"type\":\"content_block_stop\",\"index\":0}"),
                event("{\"type\":\"content_block_start\",\"index\":1}"),
                event("{\"type\":\"content_block_delta\",\"index\":1,\"delta\":7}"),
                event("{\"type\":\"content_block_delta\",\"index\":1}"),
                event("{\"type\":\"message_delta\",\"delta\":7,\"usage\":7}"),
                event("{\"type\":\"message_stop\"}"))));
    assertThat(events(request("code_execution_20250825", "go")).getLast().name())
        .isEqualTo("message_stop");
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

  /** All events but the pings, which come as time passes. */
  private static List<Event> events(ObjectNode request) {
    try (EventSocket stream = EventSocket.message(caisson, request)) {
      assertThat(stream.status()).isEqualTo(200);
      List<Event> events = new ArrayList<>(stream.rest());
      events.removeIf(event -> event.name().equals("ping"));
      assertThat(events.getFirst().name()).isEqualTo("message_start");
      events.forEach(
          event -> assertThat(event.json().path("type").asString()).isEqualTo(event.name()));
      return events;
    }
  }

  /** The blocks as they began. */
  private static List<JsonNode> starts(List<Event> events) {
    return events.stream()
        .filter(event -> event.name().equals("content_block_start"))
        .map(event -> event.json().path("content_block"))
        .toList();
  }

  /** The content as a client puts it together. */
  private static ArrayNode content(List<Event> events) {
    ArrayNode content = Json.array();
    StringBuilder input = new StringBuilder();
    for (Event event : events) {
      JsonNode json = event.json();
      switch (event.name()) {
        case "content_block_start" -> {
          assertThat(json.path("index").asInt()).isEqualTo(content.size());
          content.add(json.path("content_block"));
          input.setLength(0);
        }
        case "content_block_delta" -> input.append(json.at("/delta/partial_json").asString(""));
        case "content_block_stop" -> {
          if (!input.isEmpty()) {
            ((ObjectNode) content.get(content.size() - 1))
                .set("input", Json.parse(input.toString(), "input"));
          }
        }
        default -> {}
      }
    }
    return content;
  }

  private static String text(List<Event> events) {
    StringBuilder text = new StringBuilder();
    events.stream()
        .filter(event -> event.name().equals("content_block_delta"))
        .forEach(event -> text.append(event.json().at("/delta/text").asString("")));
    return text.toString();
  }

  private static int containers() {
    return http.get("/v1/containers?limit=1000").json().path("data").size();
  }

  private static String start(int index, String block) {
    return "content_block_start {\"type\":\"content_block_start\",\"index\":"
        + index
        + ",\"content_block\":"
        + block
        + "}";
  }

  private static String delta(int index, String delta) {
    return "content_block_delta {\"type\":\"content_block_delta\",\"index\":"
        + index
        + ",\"delta\":"
        + delta
        + "}";
  }

  private static String stop(int index) {
    return "content_block_stop {\"type\":\"content_block_stop\",\"index\":" + index + "}";
  }

  private static ObjectNode event(String json) {
    return (ObjectNode) Json.parse(json, "test");
  }

  private static ObjectNode command(String command) {
    return Json.object().put("command", command);
  }

  /** A streamed request; without a version it has no code execution tool. */
  private static ObjectNode request(String version, String prompt) {
    ObjectNode request =
        Json.object().put("model", "scripted-model").put("max_tokens", 100).put("stream", true);
    request.putArray("messages").addObject().put("role", "user").put("content", prompt);
    if (!version.isEmpty()) {
      request.putArray("tools").addObject().put("type", version).put("name", "code_execution");
    }
    return request;
  }
}
