package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

class HistoryTest {
  @Test
  void leavesAConversationWithoutOurBlocksAsItIs() {
    String messages =
        """
        [{"role":"user","content":"hi"},
         {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},
          {"type":"tool_use","id":"toolu_1","name":"look","input":{"a":1.0}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"x"}]}]
        """;
    assertThat(upstream(messages, "[]")).isEqualTo(Json.parse(messages, "test"));
  }

  @Test
  void keepsWhatCodeHasCalledFromTheModel() {
    assertThat(
            upstream(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"server_tool_use","id":"srvtoolu_1","name":"code_execution",
                    "input":{"code":"a"}},
                   {"type":"server_tool_use","id":"srvtoolu_2","name":"bash_code_execution",
                    "input":{"command":"b"}},
                   {"type":"tool_use","id":"toolu_x","name":"look","input":{},
                    "caller":{"type":"code_execution_20260120","tool_id":"srvtoolu_1"}}]},
                 {"role":"user","content":[
                   {"type":"tool_result","tool_use_id":"toolu_x","content":"secret"}]},
                 {"role":"assistant","content":[
                   {"type":"tool_use","id":"toolu_y","name":"look","input":{},
                    "caller":{"type":"code_execution_20250825","tool_id":"srvtoolu_1"}}]},
                 {"role":"user","content":[
                   {"type":"tool_result","tool_use_id":"toolu_y","content":"secret"}]}]
                """,
                """
                [{"type":"code_execution_tool_result","tool_use_id":"srvtoolu_1","content":
                  {"type":"code_execution_result","stdout":"A","stderr":"","return_code":0,
                   "content":[]}},
                 {"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_2","content":
                  {"type":"bash_code_execution_result","stdout":"B","stderr":"","return_code":0,
                   "content":[]}}]
                """))
        .isEqualTo(
            json(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"tool_use","id":"toolu_1","name":"code_execution",
                    "input":{"code":"a"}},
                   {"type":"tool_use","id":"toolu_2","name":"bash_code_execution",
                    "input":{"command":"b"}}]},
                 {"role":"user","content":[
                   {"type":"tool_result","tool_use_id":"toolu_1",
                    "content":"{\\"stdout\\":\\"A\\",\\"stderr\\":\\"\\",\\"return_code\\":0}"},
                   {"type":"tool_result","tool_use_id":"toolu_2",
                    "content":"{\\"stdout\\":\\"B\\",\\"stderr\\":\\"\\",\\"return_code\\":0}"}]}]
                """));
  }

  @Test
  void splitsAReplyIntoCallsAndAnswers() {
    assertThat(
            upstream(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"text","text":"first"},
                   {"type":"server_tool_use","id":"srvtoolu_1","name":"bash_code_execution",
                    "input":{"command":"a"},"caller":{"type":"direct"}},
                   {"type":"server_tool_use","id":"srvtoolu_2","name":"bash_code_execution",
                    "input":{"command":"b"}},
                   {"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_1","content":
                    {"type":"bash_code_execution_result","stdout":"A","stderr":"","return_code":0,
                     "content":[{"type":"bash_code_execution_output","file_id":"file_1"}],
                     "abort_reason":null}},
                   {"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_2","content":
                    {"type":"bash_code_execution_tool_result_error","error_code":"unavailable"}},
                   {"type":"text","text":"done"}]},
                 {"role":"user","content":"more"}]
                """,
                "[]"))
        .isEqualTo(
            json(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"text","text":"first"},
                   {"type":"tool_use","id":"toolu_1","name":"bash_code_execution",
                    "input":{"command":"a"}},
                   {"type":"tool_use","id":"toolu_2","name":"bash_code_execution",
                    "input":{"command":"b"}}]},
                 {"role":"user","content":[
                   {"type":"tool_result","tool_use_id":"toolu_1",
                    "content":"{\\"stdout\\":\\"A\\",\\"stderr\\":\\"\\",\\"return_code\\":0}"},
                   {"type":"tool_result","tool_use_id":"toolu_2","content":"unavailable",
                    "is_error":true}]},
                 {"role":"assistant","content":[{"type":"text","text":"done"}]},
                 {"role":"user","content":"more"}]
                """));
  }

  @Test
  void joinsAnswersWithWhatTheUserSaysNext() {
    assertThat(
            upstream(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"server_tool_use","id":"srvtoolu_1","name":"code_execution",
                    "input":{"code":"a"}},
                   {"type":"code_execution_tool_result","tool_use_id":"srvtoolu_1","content":
                    {"type":"code_execution_result","stdout":"A","stderr":"","return_code":0,
                     "content":[]}}]},
                 {"role":"user","content":"more"}]
                """,
                "[]"))
        .isEqualTo(
            json(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"tool_use","id":"toolu_1","name":"code_execution",
                    "input":{"code":"a"}}]},
                 {"role":"user","content":[
                   {"type":"tool_result","tool_use_id":"toolu_1",
                    "content":"{\\"stdout\\":\\"A\\",\\"stderr\\":\\"\\",\\"return_code\\":0}"},
                   {"type":"text","text":"more"}]}]
                """));
  }

  @Test
  void putsALateResultBesideThoseOfTheClient() {
    assertThat(
            upstream(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"server_tool_use","id":"srvtoolu_1","name":"bash_code_execution",
                    "input":{"command":"a"}},
                   {"type":"tool_use","id":"toolu_9","name":"look","input":{},
                    "caller":{"type":"direct"}}]},
                 {"role":"user","content":[
                   {"type":"tool_result","tool_use_id":"toolu_9","content":"x"}]}]
                """,
                """
                [{"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_1","content":
                   {"type":"bash_code_execution_result","stdout":"A","stderr":"","return_code":0,
                    "content":[]}},
                 {"type":"text","text":"done"}]
                """))
        .isEqualTo(
            json(
                """
                [{"role":"user","content":"go"},
                 {"role":"assistant","content":[
                   {"type":"tool_use","id":"toolu_1","name":"bash_code_execution",
                    "input":{"command":"a"}},
                   {"type":"tool_use","id":"toolu_9","name":"look","input":{}}]},
                 {"role":"user","content":[
                   {"type":"tool_result","tool_use_id":"toolu_9","content":"x"},
                   {"type":"tool_result","tool_use_id":"toolu_1",
                    "content":"{\\"stdout\\":\\"A\\",\\"stderr\\":\\"\\",\\"return_code\\":0}"}]},
                 {"role":"assistant","content":[{"type":"text","text":"done"}]}]
                """));
  }

  @Test
  void answersACallThatWasCutShort() {
    assertThat(
            upstream(
                    """
                    [{"role":"user","content":"go"},
                     {"role":"assistant","content":[
                       {"type":"server_tool_use","id":"srvtoolu_1","name":"bash_code_execution",
                        "input":{}}]},
                     {"role":"user","content":"never mind"}]
                    """,
                    "[]")
                .get(2)
                .path("content"))
        .isEqualTo(
            json(
                """
                [{"type":"tool_result","tool_use_id":"toolu_1",
                  "content":"not run: the reply was cut short","is_error":true},
                 {"type":"text","text":"never mind"}]
                """));
  }

  @Test
  void tellsTheModelWhereAFileIs() {
    assertThat(
            upstream(
                """
                [{"role":"user","content":[
                  {"type":"container_upload","file_id":"file_1","cache_control":{"type":"ephemeral"}},
                  {"type":"text","text":"look"}]}]
                """,
                "[]"))
        .isEqualTo(
            json(
                """
                [{"role":"user","content":[
                  {"type":"text","text":"[File mounted in the container: $INPUT_DIR/file_1.csv]",
                   "cache_control":{"type":"ephemeral"}},
                  {"type":"text","text":"look"}]}]
                """));
  }

  @Test
  void carriesCacheMarksOverToWhatReplacesABlock() {
    JsonNode messages =
        upstream(
            """
            [{"role":"user","content":"go"},
             {"role":"assistant","content":[
               {"type":"server_tool_use","id":"srvtoolu_1","name":"bash_code_execution","input":{},
                "cache_control":{"type":"ephemeral"}},
               {"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_1",
                "cache_control":{"type":"ephemeral","ttl":"1h"},"content":
                {"type":"bash_code_execution_result","stdout":"","stderr":"","return_code":0,
                 "content":[]}}]}]
            """,
            "[]");
    assertThat(messages.at("/1/content/0/cache_control/type").asString()).isEqualTo("ephemeral");
    assertThat(messages.at("/2/content/0/cache_control/ttl").asString()).isEqualTo("1h");
  }

  private static JsonNode upstream(String messages, String reply) {
    List<JsonNode> list = List.copyOf(json(messages).values());
    return History.forUpstream(list, (ArrayNode) json(reply), id -> "$INPUT_DIR/" + id + ".csv");
  }

  private static JsonNode json(String text) {
    return Json.parse(text, "test");
  }
}
