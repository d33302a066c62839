package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.anthropic.client.AnthropicClient;
import com.anthropic.models.messages.CodeExecutionTool20250825;
import com.anthropic.models.messages.ContainerParams;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.SkillParams;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Skills in a conversation: mounted, told to the model, named in the reply. */
class SkillsInMessagesTest {
  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static RawHttp http;
  static AnthropicClient sdk;
  static String skill;
  static String first;
  static String second;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson = RunningCaisson.over(directory).upstream(upstream).start();
    http = RawHttp.of(caisson);
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
    JsonNode made =
        new MultipartForm()
            .file("files[]", "t/SKILL.md", SkillsTest.manifest("tides", "Tells the tides."))
            .file("files[]", "t/scripts/old.py", "print('old')")
            .post(http, "/v1/skills")
            .json();
    skill = made.path("id").asString();
    first = made.path("latest_version_id").asString();
    second =
        new MultipartForm()
            .file("files[]", "t/SKILL.md", SkillsTest.manifest("tides", "Tells all tides."))
            .file("files[]", "t/scripts/new.py", "print('new')")
            .post(http, "/v1/skills/" + skill + "/versions")
            .json()
            .path("id")
            .asString();
  }

  @AfterAll
  static void stop() {
    sdk.close();
    caisson.close();
    upstream.close();
  }

  @BeforeEach
  void forget() {
    upstream.reset();
  }

  @Test
  void aSkillIsMountedAndToldToTheModelAndNamedInTheReply() {
    upstream
        .reply(
            ModelReply.bash("cd /skills/tides && find . -type f | sort && python3 scripts/new.py"))
        .reply(ModelReply.saying("done"));
    Message message =
        sdk.messages()
            .create(
                MessageCreateParams.builder()
                    .model("scripted-model")
                    .maxTokens(100)
                    .system("Be brief.")
                    .addUserMessage("When is high water?")
                    .addTool(CodeExecutionTool20250825.builder().build())
                    .container(
                        ContainerParams.builder()
                            .addSkill(
                                SkillParams.builder()
                                    .type(SkillParams.Type.CUSTOM)
                                    .skillId(skill)
                                    .build())
                            .build())
                    .build());
    assertThat(
            message
                .content()
                .get(1)
                .asBashCodeExecutionToolResult()
                .content()
                .asBashCodeExecutionResultBlock()
                .stdout())
        .isEqualTo("./SKILL.md\n./scripts/new.py\nnew\n");
    var used = message.container().orElseThrow().skills().orElseThrow().getFirst();
    assertThat(used.skillId()).isEqualTo(skill);
    assertThat(used.version()).isEqualTo(second);
    assertThat(used.type().asString()).isEqualTo("custom");

    for (ScriptedUpstream.Received received : upstream.received()) {
      JsonNode system = received.body().path("system");
      assertThat(system.at("/0/text").asString())
          .contains("- tides (/skills/tides/SKILL.md): Tells all tides.");
      assertThat(system.at("/1/text").asString()).isEqualTo("Be brief.");
      assertThat(received.body().has("container")).isFalse();
    }
  }

  @Test
  void anotherVersionTakesThePlaceOfTheOne() {
    JsonNode one = direct("{\"skills\":[SKILL]}".replace("SKILL", skill(first)), "ls -R /skills");
    assertThat(stdout(one)).contains("old.py").doesNotContain("new.py");
    String container = one.at("/container/id").asString();
    assertThat(one.at("/container/skills/0/version").asString()).isEqualTo(first);

    String reused = "{\"id\":\"" + container + "\",\"skills\":[" + skill("latest") + "]}";
    JsonNode two = direct(reused, "ls -R /skills; rm -r /skills/tides");
    assertThat(two.at("/container/id").asString()).isEqualTo(container);
    assertThat(stdout(two)).contains("new.py").doesNotContain("old.py");

    JsonNode three = direct(reused, "cat /skills/tides/SKILL.md");
    assertThat(stdout(three)).contains("Tells all tides.");
    JsonNode kept = direct("\"" + container + "\"", "ls /skills");
    assertThat(stdout(kept)).isEqualTo("tides\n");
    assertThat(kept.at("/container/skills").isNull()).isTrue();
  }

  @Test
  void theStoredSkillIsOutOfReachOfTheContainersCode() {
    JsonNode spoilt =
        direct("{\"skills\":[" + skill(first) + "]}", "echo bad > /skills/tides/SKILL.md");
    assertThat(spoilt.at("/content/1/content/return_code").asInt()).isZero();
    JsonNode fresh = direct("{\"skills\":[" + skill(first) + "]}", "cat /skills/tides/SKILL.md");
    assertThat(stdout(fresh)).contains("Tells the tides.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'skills':[{'type':'anthropic','skill_id':'pptx'}]}|404|container.skills.0.skill_id: Skill `pptx` of type anthropic is not part",
        "{'skills':[{'type':'custom','skill_id':'skill_none'}]}|404|container.skills.0.skill_id: Skill `skill_none` not found.",
        "{'skills':[{'type':'custom','skill_id':'../x'}]}|404|container.skills.0.skill_id: Skill `../x` not found.",
        "{'skills':[{'type':'custom','skill_id':'SKILL','version':'1'}]}|404|container.skills.0.skill_id: Version `1` of skill",
        "{'skills':[{'type':'custom','skill_id':'SKILL','version':7}]}|400|container.skills.0.version: Input should be a valid string",
        "{'skills':[{'type':'other','skill_id':'SKILL'}]}|400|container.skills.0.type: Input should be 'anthropic' or 'custom'",
        "{'skills':[{'type':'custom'}]}|400|container.skills.0.skill_id: Field required",
        "{'skills':[{'type':'custom','skill_id':'SKILL','x':1}]}|400|container.skills.0.x: Extra inputs",
        "{'skills':['SKILL']}|400|container.skills.0: Input should be an object",
        "{'skills':{}}|400|container.skills: Input should be a valid list",
        "{'skills':[{'type':'custom','skill_id':'SKILL'},{'type':'custom','skill_id':'SKILL'}]}|400|container.skills.1: another skill of this request is named 'tides'"
      })
  void skillsThatCannotBeUsedAreRefusedByTheirPath(String container, int status, String message) {
    RawHttp.Answer answer =
        http.message(body("m", container.replace('\'', '"').replace("SKILL", skill), "true"));
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(answer.error()).startsWith(message);
    assertThat(upstream.received()).isEmpty();
  }

  @Test
  void moreThanTwentySkillsAndSkillsWithoutCodeAreRefused() {
    String many = "{\"skills\":[" + (skill(first) + ",").repeat(20) + skill(first) + "]}";
    assertThat(http.message(body("m", many, "true")).error())
        .isEqualTo("container.skills: at most 20 skills");
    String noTool =
        body("m", "{\"skills\":[" + skill(first) + "]}", "true")
            .replaceFirst("\"tools\":\\[.*?\\],", "");
    assertThat(http.message(noTool).error())
        .isEqualTo("container.skills: skills need a code execution tool in tools");
    assertThat(upstream.received()).isEmpty();
  }

  private static JsonNode direct(String container, String command) {
    RawHttp.Answer answer = http.message(body("caisson-direct", container, command));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static String body(String model, String container, String command) {
    return """
    {"model":"%s","max_tokens":10,"container":%s,
     "tools":[{"type":"code_execution_20250825","name":"code_execution"}],
     "messages":[{"role":"user","content":"```bash\\n%s\\n```"}]}
    """
        .formatted(model, container, command);
  }

  private static String skill(String version) {
    return "{\"type\":\"custom\",\"skill_id\":\"" + skill + "\",\"version\":\"" + version + "\"}";
  }

  private static String stdout(JsonNode message) {
    return message.at("/content/1/content/stdout").asString();
  }
}
