package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.errors.NotFoundException;
import com.anthropic.models.messages.BashCodeExecutionResultBlock;
import com.anthropic.models.messages.CodeExecutionTool20250825;
import com.anthropic.models.messages.ContentBlock;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.StopReason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official Java SDK against the running server, with a scripted model behind it. */
class SdkSessionTest {
  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static AnthropicClient sdk;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson =
        RunningCaisson.over(directory)
            .upstream(upstream)
            .engine(
                engine -> engine.withLimits(engine.limits().withCellLimit(Duration.ofMillis(1500))))
            .start();
    sdk = client(caisson);
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
  void aContainerKeepsItsFilesForTheNextRequestThatNamesIt() {
    upstream
        .reply(
            ModelReply.bash(
                "python3 -c 'import random; print(random.randrange(2, 10**6))' | tee /tmp/seed.txt"))
        .reply(ModelReply.saying("written"));
    Message first = ask(params("Write a random number to /tmp/seed.txt"));
    long seed = Long.parseLong(onlyResult(first).stdout().strip());
    String container = first.container().orElseThrow().id();

    upstream
        .reply(ModelReply.bash("echo $(( $(cat /tmp/seed.txt) ** 2 ))"))
        .reply(ModelReply.saying("squared"));
    Message second = ask(params("Square the number").container(container));
    assertThat(Long.parseLong(onlyResult(second).stdout().strip())).isEqualTo(seed * seed);
    assertThat(second.container().orElseThrow().id()).isEqualTo(container);

    upstream.reply(ModelReply.bash("cat /tmp/seed.txt")).reply(ModelReply.saying("not there"));
    Message third = ask(params("Square the number"));
    assertThat(onlyResult(third).returnCode()).isEqualTo(1);
    assertThat(onlyResult(third).stderr()).contains("/tmp/seed.txt", "No such file");
    assertThat(third.container().orElseThrow().id()).isNotEqualTo(container);
  }

  @Test
  void aReplyIsShapedAsTheSdkExpects() {
    upstream
        .reply(
            ModelReply.of()
                .text("Let me see.")
                .call(
                    "toolu_abc1",
                    "bash_code_execution",
                    dev.caisson.wire.Json.object().put("command", "echo out; echo err >&2; exit 3"))
                .build())
        .reply(ModelReply.saying("Done."));
    Message message = ask(params("Go"));
    // ServerToolUseBlock.validate() of this SDK takes web_search for the only name there is.
    message.usage().validate();
    message.container().orElseThrow().validate();
    message.content().get(2).validate();
    assertThat(message.id()).startsWith("msg_");
    assertThat(message.stopReason()).contains(StopReason.END_TURN);
    List<ContentBlock> content = message.content();
    assertThat(content).hasSize(4);
    assertThat(content.get(0).asText().text()).isEqualTo("Let me see.");
    assertThat(content.get(1).asServerToolUse().id()).isEqualTo("srvtoolu_abc1");
    assertThat(content.get(1).asServerToolUse().caller().isDirect()).isTrue();
    assertThat(content.get(2).asBashCodeExecutionToolResult().toolUseId())
        .isEqualTo("srvtoolu_abc1");
    BashCodeExecutionResultBlock result = onlyResult(message);
    assertThat(result.stdout()).isEqualTo("out\n");
    assertThat(result.stderr()).isEqualTo("err\n");
    assertThat(result.returnCode()).isEqualTo(3);
    assertThat(content.get(3).asText().text()).isEqualTo("Done.");
    assertThat(message.usage().inputTokens()).isEqualTo(20);
    assertThat(message.usage().outputTokens()).isEqualTo(10);
    assertThat(message.usage().serverToolUse().orElseThrow().webSearchRequests()).isZero();
    assertThat(message.usage().serverToolUse().orElseThrow().webFetchRequests()).isZero();
    assertThat(message.container().orElseThrow().expiresAt().toInstant())
        .isAfter(java.time.Instant.now().plus(Duration.ofDays(29)));
  }

  @Test
  void aCellPastItsLimitIsAResultAndTheNextCellWorks() {
    upstream
        .reply(ModelReply.bash("echo started; echo kept > /tmp/kept; sleep 60; echo never"))
        .reply(ModelReply.bash("cat /tmp/kept"))
        .reply(ModelReply.saying("done"));
    Message message = ask(params("Sleep"));
    List<BashCodeExecutionResultBlock> results = results(message);
    assertThat(results.get(0).stdout()).isEqualTo("started\n");
    assertThat(results.get(0).returnCode()).isNotZero();
    assertThat(results.get(0).stderr()).contains("detection_timeout");
    assertThat(results.get(1).stdout()).isEqualTo("kept\n");
    assertThat(results.get(1).returnCode()).isZero();
  }

  @Test
  void twoContainersSeeNothingOfEachOther() {
    upstream
        .reply(ModelReply.bash("echo secret-of-a > /tmp/a.txt; echo secret-of-a > ~/a.txt"))
        .reply(ModelReply.saying("ok"));
    String first = ask(params("a")).container().orElseThrow().id();
    upstream
        .reply(
            ModelReply.bash(
                "grep -rl secret-of-[a] /tmp /home /files /proc/[0-9]*/cmdline 2>/dev/null;"
                    + " ls /proc | grep -c '^[0-9]'; cat /proc/net/dev | grep -c eth;"
                    + " (exec 3<>/dev/tcp/127.0.0.1/"
                    + caisson.url().getPort()
                    + ") 2>&1 | grep -o refused; true"))
        .reply(ModelReply.saying("ok"));
    Message second = ask(params("b"));
    assertThat(second.container().orElseThrow().id()).isNotEqualTo(first);
    List<String> lines = onlyResult(second).stdout().lines().toList();
    assertThat(lines).noneMatch(line -> line.contains("a.txt")).contains("refused");
    // A handful of processes of its own: guest, shell, and what the command starts.
    assertThat(Integer.parseInt(lines.get(0))).isLessThan(12);
    assertThat(lines.get(1)).isEqualTo("0");
  }

  @Test
  void anUnknownContainerIsNotFoundAndNoUpstreamIsCalled() {
    assertThatThrownBy(() -> ask(params("x").container("container_doesnotexist")))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("container_doesnotexist");
    assertThat(upstream.received()).isEmpty();
  }

  @Test
  void filesOutliveAServerThatWasKilledBetweenTwoCells(@TempDir Path own) {
    Map<String, String> environment = Map.of();
    String container;
    CaissonProcess first = CaissonProcess.start(own, environment);
    try {
      AnthropicClient client = client(first.url().toString(), first.key());
      Message message =
          client
              .messages()
              .create(
                  direct("```bash\necho survives > /tmp/seed.txt; echo home > ~/home.txt\n```")
                      .build());
      container = message.container().orElseThrow().id();
    } finally {
      first.kill();
    }
    try (CaissonProcess second = CaissonProcess.start(own, environment)) {
      AnthropicClient client = client(second.url().toString(), first.key());
      Message message =
          client
              .messages()
              .create(
                  direct("```bash\ncat /tmp/seed.txt ~/home.txt\n```")
                      .container(container)
                      .build());
      assertThat(onlyResult(message).stdout()).isEqualTo("survives\nhome\n");
    }
  }

  private static AnthropicClient client(RunningCaisson server) {
    return client(server.url().toString(), server.key());
  }

  static AnthropicClient client(String url, String key) {
    return AnthropicOkHttpClient.builder()
        .baseUrl(url)
        .apiKey(key)
        .maxRetries(0)
        .timeout(Duration.ofSeconds(60))
        .build();
  }

  private static MessageCreateParams.Builder params(String prompt) {
    return params("scripted-model", prompt);
  }

  private static MessageCreateParams.Builder direct(String prompt) {
    return params("caisson-direct", prompt);
  }

  private static MessageCreateParams.Builder params(String model, String prompt) {
    return MessageCreateParams.builder()
        .model(model)
        .maxTokens(1000)
        .addTool(CodeExecutionTool20250825.builder().build())
        .addUserMessage(prompt);
  }

  private static Message ask(MessageCreateParams.Builder params) {
    return sdk.messages().create(params.build());
  }

  private static BashCodeExecutionResultBlock onlyResult(Message message) {
    List<BashCodeExecutionResultBlock> results = results(message);
    assertThat(results).hasSize(1);
    return results.getFirst();
  }

  private static List<BashCodeExecutionResultBlock> results(Message message) {
    return message.content().stream()
        .flatMap(block -> block.bashCodeExecutionToolResult().stream())
        .map(block -> block.content().asBashCodeExecutionResultBlock())
        .toList();
  }
}
