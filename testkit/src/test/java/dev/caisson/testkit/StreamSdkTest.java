package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.http.AsyncStreamResponse;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.AnthropicException;
import com.anthropic.errors.RateLimitException;
import com.anthropic.helpers.BetaMessageAccumulator;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.beta.messages.BetaCodeExecutionTool20260120;
import com.anthropic.models.beta.messages.BetaContentBlock;
import com.anthropic.models.beta.messages.BetaMessage;
import com.anthropic.models.beta.messages.BetaRawMessageStreamEvent;
import com.anthropic.models.messages.CodeExecutionTool20250522;
import com.anthropic.models.messages.CodeExecutionTool20250825;
import com.anthropic.models.messages.ContentBlock;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams as the official Java SDK reads them and puts them together. */
@Timeout(60)
class StreamSdkTest {
  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  static RunningCaisson caisson;
  static AnthropicClient sdk;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson = RunningCaisson.over(directory).upstream(upstream).clock(clock).start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
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
  void theAccumulatedMessageIsThatOfAPlainRequest() {
    scriptSession();
    Message streamed = accumulate(params("Go").build());
    scriptSession();
    Message plain = sdk.messages().create(params("Go").build());

    checkSession(streamed);
    checkSession(plain);
    assertThat(streamed.usage()).isEqualTo(plain.usage());
    assertThat(streamed.stopReason()).isEqualTo(plain.stopReason());
    assertThat(streamed.content().subList(0, 4)).isEqualTo(plain.content().subList(0, 4));
    assertThat(streamed.content().getLast()).isEqualTo(plain.content().getLast());
  }

  @Test
  void theAsyncClientAccumulatesTheSame() throws Exception {
    scriptSession();
    MessageAccumulator accumulator = MessageAccumulator.create();
    AsyncStreamResponse<RawMessageStreamEvent> stream =
        sdk.async().messages().createStreaming(params("Go").build());
    stream.subscribe(accumulator::accumulate).onCompleteFuture().get(30, TimeUnit.SECONDS);
    checkSession(accumulator.message());
  }

  @Test
  void theBetaNamespaceAccumulatesTheSame() throws Exception {
    scriptSession();
    BetaMessageAccumulator sync = BetaMessageAccumulator.create();
    try (StreamResponse<BetaRawMessageStreamEvent> stream =
        sdk.beta().messages().createStreaming(betaParams())) {
      stream.stream().forEach(sync::accumulate);
    }
    checkBetaSession(sync.message());

    scriptSession();
    BetaMessageAccumulator async = BetaMessageAccumulator.create();
    sdk.async()
        .beta()
        .messages()
        .createStreaming(betaParams())
        .subscribe(async::accumulate)
        .onCompleteFuture()
        .get(30, TimeUnit.SECONDS);
    checkBetaSession(async.message());
  }

  @Test
  void aSecondRequestGoesOnFromAnAccumulatedMessage() {
    upstream
        .reply(ModelReply.bash("echo 41 > /tmp/n"))
        .reply(ModelReply.saying("written"))
        .reply(ModelReply.bash("echo $(( $(cat /tmp/n) + 1 ))"))
        .reply(ModelReply.saying("added"));
    Message first = accumulate(params("Write").build());
    String container = first.container().orElseThrow().id();
    Message second =
        accumulate(
            params("Write").addMessage(first).addUserMessage("Add").container(container).build());
    assertThat(stdout(second)).isEqualTo("42\n");
    assertThat(second.container().orElseThrow().id()).isEqualTo(container);
  }

  @Test
  void aPausedTurnGoesOnWithWhatWasAccumulated(@TempDir Path own) {
    try (RunningCaisson impatient =
        RunningCaisson.over(own)
            .upstream(upstream)
            .messages(messages -> messages.withIterations(1))
            .start()) {
      AnthropicClient client = SdkSessionTest.client(impatient.url().toString(), impatient.key());
      upstream.reply(ModelReply.bash("echo x >> ~/x; wc -l < ~/x"));
      MessageAccumulator paused = MessageAccumulator.create();
      try (StreamResponse<RawMessageStreamEvent> stream =
          client.messages().createStreaming(params("Go").build())) {
        stream.stream().forEach(paused::accumulate);
      }
      assertThat(paused.message().stopReason()).contains(StopReason.PAUSE_TURN);
      upstream.reply(ModelReply.saying("done"));
      Message done =
          client
              .messages()
              .create(
                  params("Go")
                      .addMessage(paused.message())
                      .container(paused.message().container().orElseThrow().id())
                      .build());
      assertThat(done.stopReason()).contains(StopReason.END_TURN);
      assertThat(done.content().getFirst().asText().text()).isEqualTo("done");
      client.close();
    }
  }

  @Test
  void anExpiredContainerIsAMessageLikeAnyOther() {
    Message first = accumulate(direct("```bash\ntrue\n```").build());
    clock.advance(Duration.ofDays(31));
    String container = first.container().orElseThrow().id();
    Message expired = accumulate(direct("```bash\ntrue\n```").container(container).build());
    assertThat(expired.stopReason()).contains(StopReason.END_TURN);
    assertThat(
            expired
                .content()
                .getLast()
                .asBashCodeExecutionToolResult()
                .content()
                .asBashCodeExecutionToolResultError()
                .errorCode()
                .asString())
        .isEqualTo("container_expired");
    assertThat(expired.container()).isEmpty();

    Message python =
        accumulate(
            MessageCreateParams.builder()
                .model("caisson-direct")
                .maxTokens(100)
                .addTool(CodeExecutionTool20250522.builder().build())
                .addUserMessage("```python\n1\n```")
                .container(container)
                .build());
    assertThat(
            python
                .content()
                .getLast()
                .asCodeExecutionToolResult()
                .content()
                .asError()
                .errorCode()
                .asString())
        .isEqualTo("container_expired");
  }

  @Test
  void anErrorBeforeTheFirstEventHasItsOwnClass() {
    upstream.answer(429, Map.of("retry-after", "1"), "{\"error\":{\"message\":\"slow down\"}}");
    assertThatThrownBy(() -> accumulate(params("Go").build()))
        .isInstanceOf(RateLimitException.class)
        .hasMessageContaining("slow down");
  }

  @Test
  void anErrorInTheMiddleIsThrownToTheReader() {
    upstream.stream(
        StreamedReply.of(ModelReply.saying("half a word")).failAfter(4, 529, "Overloaded"));
    assertThatThrownBy(() -> accumulate(params("Go").build()))
        .isInstanceOf(AnthropicException.class)
        .hasMessageContaining("Overloaded");
  }

  private static void scriptSession() {
    upstream
        .reply(
            ModelReply.of()
                .block(
                    Json.object()
                        .put("type", "thinking")
                        .put("thinking", "I should look at the machine.")
                        .put("signature", "c2ln"))
                .text("Let me see what this machine has.")
                .call(
                    "toolu_s1",
                    "bash_code_execution",
                    Json.object().put("command", "echo out; echo err >&2; exit 3"))
                .build())
        .reply(ModelReply.saying("That is all there is to see."));
  }

  private static void checkSession(Message message) {
    assertThat(message.id()).startsWith("msg_");
    assertThat(message.stopReason()).contains(StopReason.END_TURN);
    assertThat(message.usage().inputTokens()).isEqualTo(20);
    assertThat(message.usage().outputTokens()).isEqualTo(10);
    message.container().orElseThrow().validate();
    List<ContentBlock> content = message.content();
    assertThat(content).hasSize(5);
    assertThat(content.get(0).asThinking().thinking()).isEqualTo("I should look at the machine.");
    assertThat(content.get(0).asThinking().signature()).isEqualTo("c2ln");
    assertThat(content.get(1).asText().text()).isEqualTo("Let me see what this machine has.");
    assertThat(content.get(2).asServerToolUse().id()).isEqualTo("srvtoolu_s1");
    assertThat(content.get(2).asServerToolUse().caller().isDirect()).isTrue();
    assertThat(content.get(2).asServerToolUse()._input().toString())
        .contains("echo out; echo err >&2; exit 3");
    assertThat(stdout(message)).isEqualTo("out\n");
    assertThat(content.get(4).asText().text()).isEqualTo("That is all there is to see.");
  }

  private static void checkBetaSession(BetaMessage message) {
    List<BetaContentBlock> content = message.content();
    assertThat(content).hasSize(5);
    assertThat(content.get(1).asText().text()).isEqualTo("Let me see what this machine has.");
    assertThat(content.get(2).asServerToolUse().id()).isEqualTo("srvtoolu_s1");
    assertThat(
            content
                .get(3)
                .asBashCodeExecutionToolResult()
                .content()
                .asBetaBashCodeExecutionResultBlock()
                .returnCode())
        .isEqualTo(3);
    assertThat(message.usage().outputTokens()).isEqualTo(10);
    assertThat(message.container().orElseThrow().id()).startsWith("container_");
  }

  private static String stdout(Message message) {
    return message.content().stream()
        .flatMap(block -> block.bashCodeExecutionToolResult().stream())
        .map(block -> block.content().asBashCodeExecutionResultBlock().stdout())
        .findFirst()
        .orElseThrow();
  }

  private static Message accumulate(MessageCreateParams params) {
    MessageAccumulator accumulator = MessageAccumulator.create();
    try (StreamResponse<RawMessageStreamEvent> stream = sdk.messages().createStreaming(params)) {
      stream.stream().forEach(accumulator::accumulate);
    }
    return accumulator.message();
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

  private static com.anthropic.models.beta.messages.MessageCreateParams betaParams() {
    return com.anthropic.models.beta.messages.MessageCreateParams.builder()
        .model("scripted-model")
        .maxTokens(1000)
        .addTool(BetaCodeExecutionTool20260120.builder().build())
        .addUserMessage("Go")
        .build();
  }
}
