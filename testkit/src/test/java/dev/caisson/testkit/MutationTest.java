package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Hundreds of broken requests: each is answered by 2xx or a 4xx envelope, at once. */
class MutationTest {
  private static final long SEED = 20261123;
  private static final int ROUNDS = 400;

  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static RawHttp http;
  static String container;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson = RunningCaisson.over(directory).upstream(upstream).start();
    http = RawHttp.of(caisson);
    container = http.container();
  }

  @AfterAll
  static void stop() {
    caisson.close();
    upstream.close();
  }

  @Test
  @Tag("slow")
  @Timeout(180)
  void brokenMessagesAreTheClientsFailure() {
    String valid =
        """
        {"model":"caisson-direct","max_tokens":100,"container":{"id":"%s","skills":[]},
         "system":[{"type":"text","text":"s"}],"tool_choice":{"type":"auto"},
         "tools":[{"type":"code_execution_20250825","name":"code_execution",
                   "allowed_callers":["direct"],"cache_control":{"type":"ephemeral"}},
                  {"name":"look","input_schema":{"type":"object","properties":{}}}],
         "messages":[
          {"role":"user","content":[{"type":"text","text":"hi"}]},
          {"role":"assistant","content":[
            {"type":"server_tool_use","id":"srvtoolu_1","name":"bash_code_execution",
             "input":{"command":"ls"},"caller":{"type":"direct"}},
            {"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_1","content":
             {"type":"bash_code_execution_result","stdout":"","stderr":"","return_code":0,
              "content":[]}},
            {"type":"text","text":"ok"}]},
          {"role":"user","content":"nothing to run"}]}
        """
            .formatted(container);
    check("/v1/messages", valid);
    check("/v1/messages", valid.replace("caisson-direct", "scripted-model"));
  }

  @Test
  @Timeout(120)
  void brokenCellsAndContainersAreTheClientsFailure() {
    check(
        "/v1/containers/" + container + "/cells",
        "{\"language\":\"bash\",\"code\":\"true\",\"env\":{\"A\":\"b\"},\"timeout_seconds\":1}");
    check(
        "/v1/containers",
        "{\"files\":[\"file_x\"],\"labels\":{\"a\":\"b\"},\"image\":\"default\"}");
  }

  /** The upstream's script is empty, so that what reaches it is a 500 of its own, passed on. */
  private static void check(String path, String valid) {
    Mutations mutations = new Mutations(SEED);
    int refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
      upstream.reset();
      upstream.reply(ModelReply.saying("ok"));
      byte[] mutant = mutations.of(valid);
      RawHttp.Answer answer = http.call("POST", path, mutant, "anthropic-version", "2023-06-01");
      String what =
          "seed " + SEED + " round " + i + ": " + new String(mutant, StandardCharsets.UTF_8);
      assertThat(answer.status()).as(what + " -> " + answer.text()).isBetween(200, 499);
      if (answer.status() >= 400) {
        refused++;
        JsonNode envelope = Json.parse(answer.bytes(), "reply");
        assertThat(envelope.path("type").asString()).as(what).isEqualTo("error");
        assertThat(envelope.at("/error/message").asString()).as(what).isNotEmpty();
        assertThat(envelope.path("request_id").asString()).as(what).startsWith("req_");
      }
    }
    // Were the mutants mostly harmless, this would test nothing.
    assertThat(refused).isGreaterThan(ROUNDS / 3);
    assertThat(List.copyOf(http.get("/v1/containers?limit=1000").json().path("data").values()))
        .hasSizeLessThan(ROUNDS);
  }
}
