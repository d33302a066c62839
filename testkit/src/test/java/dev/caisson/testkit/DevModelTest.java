package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class DevModelTest {
  private static final String RULES =
      """
      {"rules": [
        {"when": "add (\\\\d+) and (\\\\d+)", "steps": [
          [{"thinking": "easy"}, {"python": "print({1} + {2})"}],
          [{"text": "So {result}"}, {"call": "note", "input": {"lines": ["{1}", 7]}}],
          [{"text": "Noted."}]]},
        {"when": "hello", "steps": [[{"text": "{prompt} yourself"}]]}
      ]}
      """;

  @Test
  void theFirstRuleThatFitsAnswers() {
    JsonNode reply = model().apply(request("Hello"));
    assertThat(reply.at("/content/0/text").asString()).isEqualTo("Hello yourself");
    assertThat(reply.path("stop_reason").asString()).isEqualTo("end_turn");
    assertThat(reply.at("/usage/input_tokens").asInt()).isPositive();
  }

  @Test
  void aRuleGoesOnWithItsNextStepWhenItsCallsHaveBeenRun() {
    ObjectNode request = request("Please add 20 and 22");
    JsonNode first = model().apply(request);
    assertThat(first.at("/content/0/thinking").asString()).isEqualTo("easy");
    // No Python tool is offered: it goes by way of bash.
    assertThat(first.at("/content/1/name").asString()).isEqualTo("bash_code_execution");
    assertThat(first.at("/content/1/input/command").asString()).contains("print(20 + 22)");
    assertThat(first.path("stop_reason").asString()).isEqualTo("tool_use");

    goOn(request, first, "42");
    JsonNode second = model().apply(request);
    assertThat(second.at("/content/0/text").asString()).isEqualTo("So 42");
    assertThat(Json.write(second.at("/content/1/input"))).isEqualTo("{\"lines\":[\"20\",7]}");

    goOn(request, second, "ok");
    assertThat(model().apply(request).at("/content/0/text").asString()).isEqualTo("Noted.");
  }

  @Test
  void itListsItselfAndCountsTokens() {
    assertThat(model().models().at("/data/0/id").asString()).isEqualTo("dev-model");
    assertThat(model().count(request("12345678")).path("input_tokens").asInt())
        .isEqualTo(model().apply(request("12345678")).at("/usage/input_tokens").asInt())
        .isPositive();
  }

  @Test
  void whatNoRuleFitsIsSaid() {
    assertThat(model().apply(request("???")).at("/content/0/text").asString())
        .isEqualTo("No rule fits.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          []|request body: Input should be an object
          {}|rules: at least one rule is required
          {"rules":[{"when":"("}]}|rules.0.steps: at least one step is required
          {"rules":[{"when":"(","steps":[[]]}]}|rules.0.when: not a regular expression: Unclosed group
          {"rules":[{"steps":[7]}]}|rules.0.steps.0: Input should be a list of blocks
          {"rules":[{"steps":[[{}]]}]}|rules.0.steps.0.0.call: Field required
          {"rules":[{"steps":[[{"text":"a","bash":"b"}]]}]}|rules.0.steps.0.0.bash: Extra inputs are not permitted
          {"rules":[{"steps":[[{"call":"a","input":7}]]}]}|rules.0.steps.0.0.input: Input should be an object
          """)
  void rulesThatAreWrongAreNamed(String json, String message) {
    assertThatThrownBy(() -> DevModel.parse(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage(message);
  }

  @Test
  void theBuiltInRulesRunCodeThroughTheServer(@TempDir Path directory) throws IOException {
    byte[] rules;
    try (InputStream builtIn = DevModel.class.getResourceAsStream("dev-model.json")) {
      rules = builtIn.readAllBytes();
    }
    try (ScriptedUpstream upstream = ScriptedUpstream.start().otherwise(DevModel.parse(rules));
        RunningCaisson caisson = RunningCaisson.over(directory).upstream(upstream).start()) {
      ObjectNode request = request("Run\n```python\nprint(6 * 7)\n```");
      request
          .putArray("tools")
          .addObject()
          .put("type", "code_execution_20260521")
          .put("name", "code_execution");
      RawHttp.Answer answer = RawHttp.of(caisson).message(Json.write(request));
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      assertThat(answer.json().at("/content/2/content/stdout").asString()).isEqualTo("42\n");
      assertThat(answer.json().at("/content/3/text").asString()).contains("42");
    }
  }

  private static DevModel model() {
    return DevModel.parse(RULES.getBytes(StandardCharsets.UTF_8));
  }

  private static ObjectNode request(String prompt) {
    ObjectNode request = Json.object().put("model", "dev").put("max_tokens", 100);
    request.putArray("messages").addObject().put("role", "user").put("content", prompt);
    return request;
  }

  private static void goOn(ObjectNode request, JsonNode reply, String result) {
    request
        .withArray("messages")
        .addObject()
        .put("role", "assistant")
        .set("content", reply.path("content"));
    request
        .withArray("messages")
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("type", "tool_result")
        .put("content", result);
  }
}
