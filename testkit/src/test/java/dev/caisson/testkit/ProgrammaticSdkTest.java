package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.BadRequestException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.beta.messages.BetaCodeExecutionTool20260521;
import com.anthropic.models.beta.messages.BetaContentBlock;
import com.anthropic.models.beta.messages.BetaContentBlockParam;
import com.anthropic.models.beta.messages.BetaMessage;
import com.anthropic.models.beta.messages.BetaStopReason;
import com.anthropic.models.beta.messages.BetaTool;
import com.anthropic.models.beta.messages.BetaToolResultBlockParam;
import com.anthropic.models.messages.CodeExecutionTool20250825;
import com.anthropic.models.messages.CodeExecutionTool20260120;
import com.anthropic.models.messages.ContentBlock;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolResultBlockParam;
import com.anthropic.models.messages.ToolUseBlock;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programmatic tool calling as a program on the official Java SDK does it. */
@Timeout(60)
class ProgrammaticSdkTest {
  private static final String CODE =
      """
      import asyncio
      totals = await asyncio.gather(*[sales({"region": region}) for region in ("West", "East")])
      print(sum(int(total) for total in totals), await sales({"region": "North"}))
      """;

  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static AnthropicClient sdk;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson = RunningCaisson.over(directory).upstream(upstream).start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
  }

  @AfterAll
  static void stop() {
    sdk.close();
    caisson.close();
    upstream.close();
  }

  @BeforeEach
  void script() {
    upstream.reset();
    upstream
        .reply(
            ModelReply.of()
                .text("I add them up.")
                .call("code_execution", Json.object().put("code", CODE))
                .build())
        .reply(ModelReply.saying("Done."));
  }

  @Test
  void aPlainConversationRunsToItsEnd() {
    List<Message> replies =
        talk(
            params().addTool(tool(Tool.AllowedCaller.CODE_EXECUTION_20260120)),
            given -> sdk.messages().create(given));
    check(replies);
    ToolUseBlock first = uses(replies.getFirst()).getFirst();
    assertThat(first.caller().asCodeExecution20260120().toolId())
        .isEqualTo(replies.getFirst().content().get(1).asServerToolUse().id());
    assertThat(first.caller().isValid()).isTrue();
    Message again = replies.get(1);
    assertThat(again.usage().inputTokens()).isZero();
    assertThat(again.usage().outputTokens()).isZero();
    assertThat(again.content()).hasSize(1).allMatch(ContentBlock::isToolUse);
  }

  @Test
  void aStreamedConversationAccumulatesTheSame() {
    check(
        talk(
            params().addTool(tool(Tool.AllowedCaller.CODE_EXECUTION_20260521)),
            ProgrammaticSdkTest::accumulate));
  }

  @Test
  void theFirstVersionNamesItsOwnCaller() {
    List<Message> replies =
        talk(
            base()
                .addTool(CodeExecutionTool20250825.builder().build())
                .addTool(tool(Tool.AllowedCaller.CODE_EXECUTION_20250825)),
            given -> sdk.messages().create(given));
    check(replies);
    assertThat(uses(replies.getFirst()).getFirst().caller().isCodeExecution20250825()).isTrue();
  }

  @Test
  void theBetaNamespaceRunsToItsEnd() {
    com.anthropic.models.beta.messages.MessageCreateParams.Builder params =
        com.anthropic.models.beta.messages.MessageCreateParams.builder()
            .model("scripted")
            .maxTokens(1000)
            .addUserMessage("Go")
            .addTool(BetaCodeExecutionTool20260521.builder().build())
            .addTool(
                BetaTool.builder()
                    .name("sales")
                    .inputSchema(BetaTool.InputSchema.builder().build())
                    .addAllowedCaller(BetaTool.AllowedCaller.CODE_EXECUTION_20260521)
                    .build());
    BetaMessage reply = sdk.beta().messages().create(params.build());
    while (reply.stopReason().orElseThrow().equals(BetaStopReason.TOOL_USE)) {
      List<BetaContentBlockParam> results = new ArrayList<>();
      reply.content().stream()
          .flatMap(block -> block.toolUse().stream())
          .forEach(use ->
              results.add(
                  BetaContentBlockParam.ofToolResult(
                      BetaToolResultBlockParam.builder()
                          .toolUseId(use.id())
                          .content("7")
                          .build())));
      params
          .addMessage(reply)
          .addUserMessageOfContentBlockParams(results)
          .container(reply.container().orElseThrow().id());
      reply = sdk.beta().messages().create(params.build());
    }
    BetaContentBlock result = reply.content().getFirst();
    assertThat(result.asCodeExecutionToolResult().content().asResultBlock().stdout())
        .isEqualTo("14 7\n");
  }

  @Test
  void whatIsWrongIsABadRequest() {
    MessageCreateParams.Builder params =
        params()
            .addTool(
                tool(Tool.AllowedCaller.CODE_EXECUTION_20260120).toBuilder().name("a-b").build());
    assertThatThrownBy(() -> sdk.messages().create(params.build()))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("tools.1.name: code cannot call 'a-b'");
  }

  private static void check(List<Message> replies) {
    assertThat(replies).hasSize(3);
    assertThat(replies).extracting(reply -> uses(reply).size()).containsExactly(2, 1, 0);
    assertThat(replies)
        .extracting(reply -> reply.stopReason().orElseThrow())
        .containsExactly(StopReason.TOOL_USE, StopReason.TOOL_USE, StopReason.END_TURN);
    assertThat(replies)
        .extracting(reply -> reply.container().orElseThrow().id())
        .containsOnly(replies.getFirst().container().orElseThrow().id());
    ToolUseBlock use = uses(replies.getFirst()).getFirst();
    assertThat(use.name()).isEqualTo("sales");
    assertThat(use._input()).isEqualTo(JsonValue.from(Map.of("region", "West")));
    Message last = replies.getLast();
    assertThat(
            last.content()
                .getFirst()
                .asCodeExecutionToolResult()
                .content()
                .asResultBlock()
                .stdout())
        .isEqualTo("9 5\n");
    assertThat(last.content().get(1).asText().text()).isEqualTo("Done.");
  }

  /** All the replies until the model ends. */
  private static List<Message> talk(
      MessageCreateParams.Builder params, Function<MessageCreateParams, Message> send) {
    List<Message> replies = new ArrayList<>();
    replies.add(send.apply(params.build()));
    while (replies.getLast().stopReason().orElseThrow().equals(StopReason.TOOL_USE)) {
      Message reply = replies.getLast();
      params
          .addMessage(reply)
          .addUserMessageOfContentBlockParams(
              uses(reply).stream().map(ProgrammaticSdkTest::sell).toList())
          .container(reply.container().orElseThrow().id());
      replies.add(send.apply(params.build()));
    }
    return replies;
  }

  private static ContentBlockParam sell(ToolUseBlock use) {
    boolean isEast = use._input().equals(JsonValue.from(Map.of("region", "East")));
    return ContentBlockParam.ofToolResult(
        ToolResultBlockParam.builder().toolUseId(use.id()).content(isEast ? "4" : "5").build());
  }

  private static Message accumulate(MessageCreateParams params) {
    MessageAccumulator accumulator = MessageAccumulator.create();
    try (StreamResponse<RawMessageStreamEvent> stream = sdk.messages().createStreaming(params)) {
      stream.stream().forEach(accumulator::accumulate);
    }
    return accumulator.message();
  }

  private static List<ToolUseBlock> uses(Message reply) {
    return reply.content().stream().flatMap(block -> block.toolUse().stream()).toList();
  }

  private static MessageCreateParams.Builder params() {
    return base().addTool(CodeExecutionTool20260120.builder().build());
  }

  private static MessageCreateParams.Builder base() {
    return MessageCreateParams.builder().model("scripted").maxTokens(1000).addUserMessage("Go");
  }

  private static Tool tool(Tool.AllowedCaller caller) {
    return Tool.builder()
        .name("sales")
        .description("Sales of a region, as a number.")
        .inputSchema(Tool.InputSchema.builder().build())
        .addAllowedCaller(caller)
        .build();
  }
}
