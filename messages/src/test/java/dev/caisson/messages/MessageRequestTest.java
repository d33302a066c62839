package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageRequestTest {
  private static final String VALID =
      """
      {"model":"m","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}|model: Field required
          {"model":1}|model: Input should be a valid string
          {"model":"m"}|max_tokens: Field required
          {"model":"m","max_tokens":"9"}|max_tokens: Input should be a valid integer
          {"model":"m","max_tokens":0}|max_tokens: Input should be between 1 and 2147483647
          {"model":"m","max_tokens":9}|messages: Field required
          {"model":"m","max_tokens":9,"messages":{}}|messages: Input should be a valid list
          {"model":"m","max_tokens":9,"messages":[]}|messages: at least one message is required
          {"model":"m","max_tokens":9,"messages":[1]}|messages.0: Input should be an object
          {"model":"m","max_tokens":9,"messages":[{}]}|messages.0.role: Field required
          {"model":"m","max_tokens":9,"messages":[{"role":"x"}]}|messages.0.role: Input should be 'user' or 'assistant'
          {"model":"m","max_tokens":9,"messages":[{"role":"user"}]}|messages.0.content: Field required
          {"model":"m","max_tokens":9,"messages":[{"role":"user","content":1}]}|messages.0.content: Input should be a valid string or list of blocks
          {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[1]}]}|messages.0.content.0: Input should be an object
          {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{}]}]}|messages.0.content.0.type: Field required
          {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"container_upload"}]}]}|messages.0.content.0.file_id: Field required
          {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"container_upload","file_id":2}]}]}|messages.0.content.0.file_id: Input should be a valid string
          {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"container_upload","file_id":"f","x":1}]}]}|messages.0.content.0.x: Extra inputs are not permitted
          """)
  void namesThePathOfWhatIsWrong(String body, String message) {
    assertRefused(body, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "container":1|container: Input should be a valid string or object
          "container":{"id":1}|container.id: Input should be a valid string
          "container":{"x":1}|container.x: Extra inputs are not permitted
          "stream":1|stream: Input should be a valid boolean
          "tools":{}|tools: Input should be a valid list
          "tools":[1]|tools.0: Input should be an object
          "tools":[{"type":"code_execution_20991231","name":"code_execution"}]|tools.0.type: 'code_execution_20991231' is not one of code_execution_20250522, code_execution_20250825, code_execution_20260120, code_execution_20260521
          "tools":[{"type":"code_execution_20250825"}]|tools.0.name: Field required
          "tools":[{"type":"code_execution_20250825","name":"bash"}]|tools.0.name: Input should be 'code_execution'
          "tools":[{"type":"code_execution_20250825","name":"code_execution","x":1}]|tools.0.x: Extra inputs are not permitted
          "tools":[{"type":"code_execution_20250825","name":"code_execution"},{"type":"code_execution_20250825","name":"code_execution"}]|tools.1: only one code execution tool can be given
          """)
  void checksWhatIsOursStrictly(String field, String message) {
    assertRefused(
        VALID.strip().replaceFirst("^\\{", "{" + field.replace("\\", "\\\\") + ","), message);
  }

  @Test
  void aClientToolCannotTakeASubToolsName() {
    assertThatThrownBy(() ->
            parse(
                """
                {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],
                 "tools":[{"type":"code_execution_20250825","name":"code_execution"},
                          {"name":"bash_code_execution","input_schema":{"type":"object"}}]}
                """))
        .hasMessageStartingWith("tools: Tool names must be unique");
  }

  @Test
  void takesTheContainerInEveryForm() {
    assertThat(parse(VALID).containerId()).isEmpty();
    assertThat(parse(withContainer("null")).containerId()).isEmpty();
    assertThat(parse(withContainer("\"container_1\"")).containerId()).contains("container_1");
    assertThat(parse(withContainer("{\"id\":\"container_1\",\"skills\":null}")).containerId())
        .contains("container_1");
    assertThat(parse(withContainer("{\"id\":null,\"skills\":[]}")).containerId()).isEmpty();
  }

  @Test
  void findsTheVersionOfTheTool() {
    for (ToolVersion version : ToolVersions.all()) {
      MessageRequest request =
          parse(
              """
              {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],
               "tools":[{"name":"other","input_schema":{"type":"object"}},
                        {"type":"%s","name":"code_execution","cache_control":null,
                         "allowed_callers":["direct"],"defer_loading":false,"strict":false}]}
              """
                  .formatted(version.type()));
      assertThat(request.tool()).contains(new CodeExecution(version, 1, List.of()));
    }
  }

  @Test
  void refusesLoneSurrogatesAnywhere() {
    assertRefused(
        """
        {"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a\\udc00"}]}
        """,
        "messages.0.content: not valid Unicode: unpaired surrogate at character 1");
  }

  private static String withContainer(String json) {
    return VALID.strip().replaceFirst("^\\{", "{\"container\":" + json + ",");
  }

  @Test
  void aThreadIsRefusedInTheWordsThatSdksKnow() {
    assertThatThrownBy(() -> parse(VALID.replaceFirst("\\{", "{\"thread\":{\"type\":\"create\"},")))
        .isInstanceOfSatisfying(
            CaissonException.Unsupported.class,
            refused -> {
              assertThat(refused.detailCode()).isEqualTo("thread_unsupported_request");
              assertThat(refused.feature()).isEqualTo("thread");
            });
    assertThat(parse(VALID.replaceFirst("\\{", "{\"thread\":null,")).model()).isEqualTo("m");
  }

  private static void assertRefused(String body, String message) {
    assertThatThrownBy(() -> parse(body))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage(message);
  }

  private static MessageRequest parse(String body) {
    return MessageRequest.parse(Json.parse(body, "request body"));
  }
}
