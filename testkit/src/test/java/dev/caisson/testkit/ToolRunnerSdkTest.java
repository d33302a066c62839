package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.helpers.BetaMessageAccumulator;
import com.anthropic.helpers.BetaToolRunner;
import com.anthropic.models.beta.messages.BetaCodeExecutionTool20250825;
import com.anthropic.models.beta.messages.BetaMessage;
import com.anthropic.models.beta.messages.BetaRawMessageStreamEvent;
import com.anthropic.models.beta.messages.BetaStopReason;
import com.anthropic.models.beta.messages.MessageCreateParams;
import com.fasterxml.jackson.annotation.JsonClassDescription;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official Java SDK's tool runner: it answers client tools by itself, in one container. */
class ToolRunnerSdkTest {
  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static AnthropicClient client;

  /** A tool of the client. */
  @JsonClassDescription("The value of a key.")
  static final class Lookup implements Supplier<String> {
    public String key = "";

    @Override
    public String get() {
      return "value of " + key;
    }
  }

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson = RunningCaisson.over(directory).upstream(upstream).start();
    client =
        AnthropicOkHttpClient.builder()
            .baseUrl(caisson.url().toString())
            .apiKey(caisson.key())
            .maxRetries(0)
            .build();
  }

  @AfterAll
  static void stop() {
    client.close();
    caisson.close();
    upstream.close();
  }

  @BeforeEach
  void script() {
    upstream.reset();
    upstream
        .reply(ModelReply.bash("echo kept > kept"))
        .reply(ModelReply.of().call("lookup", Json.object().put("key", "a")).build())
        .reply(ModelReply.bash("cat kept"))
        .reply(ModelReply.saying("done"));
  }

  @Test
  void itsTurnsShareOneContainer() {
    List<BetaMessage> turns = new ArrayList<>();
    runner().forEach(turns::add);
    check(turns);
  }

  @Test
  void itsStreamedTurnsShareOneContainer() {
    List<BetaMessage> turns = new ArrayList<>();
    for (StreamResponse<BetaRawMessageStreamEvent> turn : runner().streaming()) {
      BetaMessageAccumulator accumulator = BetaMessageAccumulator.create();
      turn.stream().forEach(accumulator::accumulate);
      turns.add(accumulator.message());
    }
    check(turns);
  }

  private static BetaToolRunner runner() {
    return client
        .beta()
        .messages()
        .toolRunner(
            MessageCreateParams.builder()
                .model("scripted-model")
                .maxTokens(1000)
                .addUserMessage("go")
                .addTool(BetaCodeExecutionTool20250825.builder().build())
                .addTool(Lookup.class)
                .build());
  }

  private static void check(List<BetaMessage> turns) {
    assertThat(turns).hasSize(2);
    assertThat(turns.getFirst().stopReason()).contains(BetaStopReason.TOOL_USE);
    BetaMessage last = turns.getLast();
    assertThat(last.container().orElseThrow().id())
        .isEqualTo(turns.getFirst().container().orElseThrow().id());
    assertThat(
            last.content().stream()
                .flatMap(block -> block.bashCodeExecutionToolResult().stream())
                .map(block -> block.content().asBetaBashCodeExecutionResultBlock().stdout()))
        .containsExactly("kept\n");
    // The client's answer reached the model.
    assertThat(upstream.received().getLast().body().toString()).contains("value of a");
  }
}
