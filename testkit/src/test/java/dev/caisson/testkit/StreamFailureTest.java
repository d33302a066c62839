package dev.caisson.testkit;

import static dev.caisson.testkit.StreamedMessages.event;
import static dev.caisson.testkit.StreamedMessages.request;
import static dev.caisson.testkit.StreamedMessages.script;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Upstreams that refuse, break off, fall silent or talk nonsense to a streamed request. */
@Timeout(60)
class StreamFailureTest {
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
            .messages(messages -> messages.withUpstreamTimeout(Duration.ofSeconds(2)))
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
        script(
            """
            {"type":"message_start","message":{"content":[{"type":7}]}}
            {"type":"content_block_start","index":0,"content_block":{}}
            {"type":"content_block_delta","index":0,"delta":{"text":"x"}}
            {"type":"content_block_stop","index":0}
            {"type":"content_block_start","index":1,"content_block":{"type":7}}
            {"type":"content_block_delta","index":1,"delta":7}
            {"type":"content_block_delta","index":1}
            {"type":"message_delta","delta":7,"usage":7}
            {"type":"message_stop"}\
            """));
    assertThat(events(request("code_execution_20250825", "go")).getLast().name())
        .isEqualTo("message_stop");
  }

  @ParameterizedTest
  @ValueSource(strings = {",\"content_block\":7", ",\"content_block\":null", ""})
  void whatIsNoBlockAtAllIsAnError(String block) {
    upstream.stream(
        script(
            """
            {"type":"message_start","message":{}}
            {"type":"content_block_start","index":0%s}
            {"type":"message_stop"}\
            """
                .formatted(block)));
    Event last = events(request("code_execution_20250825", "go")).getLast();
    assertThat(last.name()).isEqualTo("error");
    assertThat(last.json().at("/error/message").asString())
        .contains("a content block is not an object");
  }

  private static List<Event> events(ObjectNode request) {
    return StreamedMessages.events(caisson, request);
  }

  private static int containers() {
    return http.get("/v1/containers?limit=1000").json().path("data").size();
  }
}
