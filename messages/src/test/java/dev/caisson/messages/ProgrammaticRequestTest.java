package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CallAnswer;
import dev.caisson.wire.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a request must look like whose tools code may call, or which answers such calls. */
class ProgrammaticRequestTest {
  private static final String SCHEMA = "\"input_schema\":{\"type\":\"object\"}";

  @ParameterizedTest
  @CsvSource({
    "code_execution_20250825, code_execution_20250825",
    "code_execution_20260120, code_execution_20260120",
    "code_execution_20260120, code_execution_20260521",
    "code_execution_20260521, code_execution_20260120",
  })
  void findsTheToolsThatCodeMayCall(String version, String caller) {
    MessageRequest request =
        parse(
            version,
            """
            {"name":"both","allowed_callers":["direct","%s"],%s},
            {"name":"plain",%s},
            {"name":"only_code","allowed_callers":["%s"],%s}
            """
                .formatted(caller, SCHEMA, SCHEMA, caller, SCHEMA));
    List<CodeFunction> functions = request.tool().orElseThrow().functions();
    assertThat(functions).extracting(CodeFunction::name).containsExactly("both", "only_code");
    assertThat(functions).extracting(CodeFunction::index).containsExactly(1, 3);
    assertThat(functions).extracting(CodeFunction::direct).containsExactly(true, false);
    assertThat(request.tool().orElseThrow().subTool(SubTool.PYTHON)).isPresent();
  }

  @Test
  void aToolThatNamesAnotherVersionBesideDirectIsADirectOne() {
    MessageRequest request =
        parse(
            "code_execution_20250825",
            """
            {"name":"look","allowed_callers":["direct","code_execution_20260120"],%s}
            """
                .formatted(SCHEMA));
    assertThat(request.tool().orElseThrow().functions()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"name":"a-b",CODE,SCHEMA} | tools.1.name: code cannot call 'a-b': use letters, digits and underscores, and no digit first
          {"name":"class",CODE,SCHEMA} | tools.1.name: code cannot call 'class': it is a word of the Python language
          {"name":"__import__",CODE,SCHEMA} | tools.1.name: code cannot call '__import__': names that begin with two underscores belong to the interpreter
          {"name":"a",CODE,SCHEMA},{"name":"a",CODE,SCHEMA} | tools: Tool names must be unique: a
          {"name":"a",CODE,"strict":true,SCHEMA} | tools.1.strict: strict tools are not supported with programmatic tool calling
          {"name":"a",CODE,"input_schema":5} | tools.1.input_schema: Input should be an object
          {"name":"a",CODE,"input_schema":{"$ref":"#"}} | tools.1.input_schema: Circular $ref detected: such a tool cannot be called from code
          {"name":"a",CODE,"input_schema":{"$defs":{"n":{"items":{"$ref":"#/$defs/n"}}},"$ref":"#/$defs/n"}} | tools.1.input_schema: Circular $ref detected: such a tool cannot be called from code
          {"name":"a","allowed_callers":["nobody"],SCHEMA} | tools.1.allowed_callers.0: 'nobody' is not one of 'direct', [code_execution_20250825, code_execution_20260120, code_execution_20260521]
          {"name":"a","allowed_callers":"direct",SCHEMA} | tools.1.allowed_callers: Input should be a valid list
          {"name":"a","allowed_callers":["code_execution_20250825"],SCHEMA} | tools.1.allowed_callers: code_execution_20260120 can be named as [code_execution_20260120, code_execution_20260521]; change it, or add "direct"
          {"name":"a","type":"bash_20250124",CODE} | tools.1.allowed_callers: code can call only tools of type 'custom'; add "direct"
          """)
  void saysWhatCannotBeCalledFromCode(String tools, String message) {
    assertThatThrownBy(() ->
            parse(
                "code_execution_20260120",
                tools
                    .replace("CODE", "\"allowed_callers\":[\"code_execution_20260120\"]")
                    .replace("SCHEMA", SCHEMA)))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage(message);
  }

  @Test
  void aSchemaMayReferToItsDefinitionsAsOftenAsItLikes() {
    MessageRequest request =
        parse(
            "code_execution_20260120",
            """
            {"name":"a","allowed_callers":["code_execution_20260120"],"input_schema":{
              "$defs":{"n":{"type":"number"},"m":{"items":{"$ref":"#/$defs/n"}}},
              "properties":{"a":{"$ref":"#/$defs/m"},"b":{"$ref":"#/$defs/m"},
                            "c":{"$ref":"#/$defs/n"},"d":{"$ref":"http://elsewhere"},
                            "e":{"$ref":"#nothing"}}}}
            """);
    assertThat(request.tool().orElseThrow().functions()).hasSize(1);
  }

  @Test
  void aLongChainOfReferencesIsNoCircleAndNoHarm() {
    StringBuilder definitions = new StringBuilder("\"d0\":{\"type\":\"null\"}");
    for (int i = 1; i < 100_000; i++) {
      definitions.append(",\"d%d\":{\"$ref\":\"#/$defs/d%d\"}".formatted(i, i - 1));
    }
    JsonNode schema = Json.parse("{\"$defs\":{" + definitions + "}}", "schema");
    assertThat(SchemaCycles.has(schema)).isFalse();
    JsonNode backwards =
        Json.parse("{\"$ref\":\"#/$defs/d99999\",\"$defs\":{" + definitions + "}}", "schema");
    // Too deep to tell.
    assertThat(SchemaCycles.has(backwards)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"type":"tool","name":"a"} | tool_choice.name: 'a' can be called only from code: its allowed_callers lack "direct"
          {"type":"auto","disable_parallel_tool_use":true} | tool_choice.disable_parallel_tool_use: not supported with programmatic tool calling
          """)
  void refusesWhatForcesOrForbidsCalls(String choice, String message) {
    String body =
        """
        {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tool_choice":%s,
         "tools":[{"type":"code_execution_20260120","name":"code_execution"},
                  {"name":"a","allowed_callers":["code_execution_20260120"],%s}]}
        """
            .formatted(choice, SCHEMA);
    assertThatThrownBy(() -> MessageRequest.parse(Json.parse(body, "request body")))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage(message);
  }

  @Test
  void codeNeedsATool() {
    String body =
        """
        {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],
         "tools":[{"name":"a","allowed_callers":["code_execution_20260120"],%s}]}
        """
            .formatted(SCHEMA);
    assertThatThrownBy(() -> MessageRequest.parse(Json.parse(body, "request body")))
        .hasMessage(
            "tools.0.allowed_callers: there is no code execution tool in this request that could"
                + " call it; add one, or add \"direct\"");
  }

  @Test
  void readsTheResultsThatCodeWaitsFor() {
    CodeResults results =
        answer(
                """
                {"type":"tool_result","tool_use_id":"toolu_b","content":[
                  {"type":"text","text":"one "},{"type":"text","text":"two"}]},
                {"type":"tool_result","tool_use_id":"toolu_a","content":"no","is_error":true}
                """)
            .results();
    assertThat(results.started()).containsExactly("srvtoolu_1");
    assertThat(results.answers())
        .isEqualTo(
            Map.of(
                "srvtoolu_1",
                Map.of(
                    "toolu_a", new CallAnswer.Failed("no"),
                    "toolu_b", new CallAnswer.Returned("one two"))));
  }

  @Test
  void aResultWithoutContentIsAnEmptyText() {
    CodeResults results =
        answer(
                """
                {"type":"tool_result","tool_use_id":"toolu_b"},
                {"type":"tool_result","tool_use_id":"toolu_a","content":null}
                """)
            .results();
    assertThat(results.answers().get("srvtoolu_1"))
        .containsEntry("toolu_a", new CallAnswer.Returned(""))
        .containsEntry("toolu_b", new CallAnswer.Returned(""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          RESULT_A | messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_b. Each `tool_use` block must have a corresponding `tool_result` block in the next message.
          RESULT_A,RESULT_A,RESULT_B | messages.2.content.1: each tool_use must have a single result; `toolu_a` has two
          RESULT_A,RESULT_B,{"type":"text","text":"and?"} | messages.2.content.2: only `tool_result` blocks can stand in the answer to tool uses generated by code execution
          {"type":"text","text":"so"},RESULT_A,RESULT_B | messages.2.content.0: only `tool_result` blocks can stand in the answer to tool uses generated by code execution
          RESULT_A,{"type":"tool_result","tool_use_id":"toolu_b","content":5} | messages.2.content.1.content: Input should be a valid list
          RESULT_A,{"type":"tool_result","tool_use_id":"toolu_b","content":"x","is_error":"y"} | messages.2.content.1.is_error: Input should be a valid boolean
          RESULT_A,{"type":"tool_result","tool_use_id":"toolu_b","content":[{"type":"image"}]} | messages.2.content.1.content.0.type: the result of a tool that code has called is a string or `text` blocks
          RESULT_A,{"type":"tool_result","tool_use_id":"toolu_b","content":[{"type":"text"}]} | messages.2.content.1.content.0.text: Field required
          """)
  void saysWhatIsWrongWithResults(String blocks, String message) {
    String result = "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_%s\",\"content\":\"x\"}";
    assertThatThrownBy(() ->
            answer(
                blocks
                    .replace("RESULT_A", result.formatted("a"))
                    .replace("RESULT_B", result.formatted("b"))))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage(message);
  }

  @Test
  void theContainerMustBeNamed() {
    assertThatThrownBy(() ->
            conversation("", pausedWith("srvtoolu_1"), "{\"role\":\"user\",\"content\":\"x\"}"))
        .hasMessage(
            "container_id is required when there are pending tool uses generated by code"
                + " execution with tools.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",{\"role\":\"user\",\"content\":\"and?\"}"})
  void resultsMustCome(String last) {
    assertThatThrownBy(() ->
            MessageRequest.parse(
                Json.parse(
                    body("\"container\":\"container_1\",", pausedWith("srvtoolu_1") + last),
                    "request body")))
        .isInstanceOf(CaissonException.InvalidRequest.class);
  }

  @Test
  void aCallOfCodeMustHaveItsSource() {
    assertThatThrownBy(() ->
            conversation("", pausedWith("srvtoolu_2"), "{\"role\":\"user\",\"content\":\"x\"}"))
        .hasMessage(
            "messages.1.content.1: source tool `srvtoolu_2` not found for tool use block"
                + " `toolu_a`");
  }

  private static MessageRequest answer(String blocks) {
    return conversation(
        "\"container\":\"container_1\",",
        pausedWith("srvtoolu_1"),
        "{\"role\":\"user\",\"content\":[" + blocks + "]}");
  }

  private static String pausedWith(String source) {
    return """
    {"role":"assistant","content":[
      {"type":"server_tool_use","id":"srvtoolu_1","name":"code_execution","input":{"code":"c"}},
      {"type":"tool_use","id":"toolu_a","name":"a","input":{},
       "caller":{"type":"code_execution_20260120","tool_id":"%1$s"}},
      {"type":"tool_use","id":"toolu_b","name":"a","input":{},
       "caller":{"type":"code_execution_20260120","tool_id":"%1$s"}}]}
    """
        .formatted(source);
  }

  private static MessageRequest conversation(String container, String assistant, String user) {
    return MessageRequest.parse(
        Json.parse(body(container, assistant + "," + user), "request body"));
  }

  private static String body(String container, String messages) {
    return """
    {"model":"m","max_tokens":1,%s"messages":[{"role":"user","content":"x"},%s],
     "tools":[{"type":"code_execution_20260120","name":"code_execution"},
              {"name":"a","allowed_callers":["code_execution_20260120"],%s}]}
    """
        .formatted(container, messages, SCHEMA);
  }

  private static MessageRequest parse(String version, String tools) {
    return MessageRequest.parse(
        Json.parse(
            """
            {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],
             "tools":[{"type":"%s","name":"code_execution"},%s]}
            """
                .formatted(version, tools),
            "request body"));
  }
}
