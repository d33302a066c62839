package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What this server has no part in reaches the upstream, and comes back, as it was. */
class PassThroughTest {
  /** Everything at once that a request can have beside code execution, known to us or not. */
  private static final String REQUEST =
      """
      {"model":"some-model","max_tokens":4096,"temperature":0.70,"top_p":1.0,"top_k":40,
       "stop_sequences":["END"],"metadata":{"user_id":"u"},"service_tier":"auto",
       "inference_geo":"eu","output_config":{"effort":"high"},
       "thinking":{"type":"enabled","budget_tokens":2048},
       "cache_control":{"type":"ephemeral"},"context_management":{"edits":[]},
       "mcp_servers":[{"type":"url","url":"https://mcp.example","name":"m"}],
       "not_invented_yet":{"deep":[1.50,-0.0,1e3,null,true,"\\u0000\\ud83e\\udd8a"]},
       "system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral","ttl":"1h"}}],
       "messages":[
         {"role":"user","content":[
           {"type":"text","text":"look","cache_control":{"type":"ephemeral"}},
           {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
           {"type":"image","source":{"type":"url","url":"https://example.org/a.png"}},
           {"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},
            "title":"t","context":"c","citations":{"enabled":true}},
           {"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]},
           {"type":"hologram","from":"the future","n":1.0}]},
         {"role":"assistant","content":[
           {"type":"thinking","thinking":"hm","signature":"c2ln"},
           {"type":"redacted_thinking","data":"c2VjcmV0"},
           {"type":"text","text":"So.","citations":[{"type":"char_location","cited_text":"d",
            "document_index":0,"document_title":null,"start_char_index":0,"end_char_index":1}]},
           {"type":"server_tool_use","id":"srvtoolu_w","name":"web_search","input":{"query":"q"}},
           {"type":"web_search_tool_result","tool_use_id":"srvtoolu_w","content":[
            {"type":"web_search_result","url":"u","title":"t","encrypted_content":"e","page_age":null}]},
           {"type":"tool_use","id":"toolu_l","name":"look","input":{"k":1.10}}]},
         {"role":"user","content":[
           {"type":"tool_result","tool_use_id":"toolu_l","is_error":false,"content":[
            {"type":"text","text":"seen"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aQ=="}}]},
           {"type":"text","text":"and now?"}]}],
       "tool_choice":{"type":"auto","disable_parallel_tool_use":false},
       "tools":[
         {"name":"look","description":"d","input_schema":{"type":"object","properties":{}},
          "cache_control":{"type":"ephemeral"},"strict":true,"eager_input_streaming":true},
         {"type":"web_search_20250305","name":"web_search","max_uses":2}]}
      """;

  /** A reply with all that a model can say that does not concern us. */
  private static final String REPLY =
      """
      {"id":"msg_01A","type":"message","role":"assistant","model":"some-model-2026",
       "content":[
         {"type":"thinking","thinking":"hm","signature":"c2ln"},
         {"type":"redacted_thinking","data":"c2VjcmV0"},
         {"type":"server_tool_use","id":"srvtoolu_9","name":"web_search","input":{"query":"q"}},
         {"type":"web_search_tool_result","tool_use_id":"srvtoolu_9","content":[]},
         {"type":"hologram","n":1.0,"nested":{"a":[1.50]}},
         {"type":"text","text":"Done \\ud83e\\udd8a"}],
       "stop_reason":"stop_sequence","stop_sequence":"END",
       "usage":{"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":3,
        "cache_read_input_tokens":4,"service_tier":"standard","new_counter":5,
        "server_tool_use":{"web_search_requests":1,"web_fetch_requests":0}}}
      """;

  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson = RunningCaisson.over(directory).upstream(upstream).start();
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
  @ValueSource(booleans = {false, true})
  void aRequestWithoutCodeExecutionIsSentAsItIs(boolean streamed) {
    upstream.reply(ModelReply.saying("ok"));
    ObjectNode request = request();
    if (streamed) {
      request.put("stream", true);
    }
    ask(request);
    assertThat(Json.write(sent())).isEqualTo(Json.write(request));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void codeExecutionChangesNothingElse(boolean streamed) {
    upstream.reply(ModelReply.saying("ok"));
    ObjectNode request = request().put("stream", streamed);
    request
        .withArray("tools")
        .addObject()
        .put("type", "code_execution_20260521")
        .put("name", "code_execution")
        .putObject("cache_control")
        .put("type", "ephemeral");
    ask(request);
    ObjectNode sent = (ObjectNode) sent();
    assertThat(sent.at("/tools/0")).isEqualTo(request.at("/tools/0"));
    assertThat(sent.at("/tools/1")).isEqualTo(request.at("/tools/1"));
    assertThat(sent.path("tools").size()).isEqualTo(5);
    assertThat(sent.at("/tools/4/cache_control/type").asString()).isEqualTo("ephemeral");
    assertThat(sent.at("/tools/3/cache_control").isMissingNode()).isTrue();
    sent.remove(List.of("tools", "stream"));
    request.remove(List.of("tools", "stream"));
    assertThat(sent).isEqualTo(request);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aReplyComesBackAsItIs(boolean streamed) {
    ObjectNode said = (ObjectNode) Json.parse(REPLY, "test");
    upstream.reply(said);
    ObjectNode request = request().put("stream", streamed);
    ObjectNode reply = streamed ? accumulated(request) : (ObjectNode) ask(request).json();
    // What typed SDKs cannot do without is added; nothing is changed or lost.
    reply.remove("stop_details");
    assertThat(reply).isEqualTo(said);
  }

  private static RawHttp.Answer ask(ObjectNode request) {
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer;
  }

  /** The message that a stream adds up to. */
  private static ObjectNode accumulated(ObjectNode request) {
    ObjectNode message = Json.object();
    StringBuilder text = new StringBuilder();
    try (EventSocket stream = EventSocket.message(caisson, request)) {
      for (EventSocket.Event event : stream.rest()) {
        JsonNode json = event.json();
        switch (event.name()) {
          case "message_start" -> message.setAll((ObjectNode) json.path("message"));
          case "content_block_start" -> {
            message.withArray("content").add(json.path("content_block"));
            text.setLength(0);
          }
          case "content_block_delta" -> {
            ObjectNode block =
                (ObjectNode) message.withArray("content").get(json.path("index").asInt());
            JsonNode delta = json.path("delta");
            String type = delta.path("type").asString();
            if (type.equals("input_json_delta")) {
              text.append(delta.path("partial_json").asString());
              block.set("input", Json.parse(text.isEmpty() ? "{}" : text.toString(), "input"));
            } else {
              String field = type.substring(0, type.length() - "_delta".length());
              text.append(delta.path(field).asString());
              block.put(
                  field,
                  type.equals("signature_delta") ? delta.path(field).asString() : text.toString());
            }
          }
          case "message_delta" -> {
            message.setAll((ObjectNode) json.path("delta"));
            message.set("usage", json.path("usage"));
          }
          default -> {}
        }
      }
    }
    return message;
  }

  private static JsonNode sent() {
    return upstream.received().getFirst().body();
  }

  private static ObjectNode request() {
    return (ObjectNode) Json.parse(REQUEST, "test");
  }
}
