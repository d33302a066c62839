package dev.caisson.messages;

import dev.caisson.domain.IdKind;
import dev.caisson.wire.Json;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code caisson-direct}: no model at all. It runs the fenced Python and bash blocks of the last
 * user message in order, which makes the whole surface usable, scriptable and testable offline.
 */
final class DirectModel {
  static final String NAME = "caisson-direct";

  private DirectModel() {}

  /** Writes the whole reply. */
  static ObjectNode run(MessageRequest request, Workbench workbench, ReplyWriter writer) {
    List<JsonNode> messages = request.messages();
    int prompt = prompt(messages);
    List<Fence> fences =
        prompt < 0 ? List.of() : Fence.in(text(messages.get(prompt).path("content")));
    Usage usage = new Usage();
    String stopReason = "end_turn";
    if (request.tool().isEmpty()) {
      say(writer, NAME + " runs code only when the request has a code execution tool.");
    } else if (fences.isEmpty()) {
      say(writer, NAME + " found no fenced ```python or ```bash block in the last user message.");
    } else {
      CodeExecution execution = request.tool().get();
      List<ToolCall> calls =
          fences.stream()
              .skip(callsSince(messages.subList(prompt, messages.size())))
              .map(fence -> execution.callFor(fence, IdKind.SERVER_TOOL_USE.next()))
              .toList();
      if (!run(CurrentTurn.openCalls(messages), calls, request, workbench, writer)) {
        stopReason = "tool_use";
      }
    }
    usage.add(TokenEstimate.of(request.tree()), TokenEstimate.content(writer.content()));
    workbench.settle();
    return writer.end(Reply.ending(stopReason), usage, workbench.container());
  }

  /** Goes on with what is open, then calls what has not been called; whether all have ended. */
  private static boolean run(
      List<ToolCall> open,
      List<ToolCall> calls,
      MessageRequest request,
      Workbench workbench,
      ReplyWriter writer) {
    CallRunner runner = new CallRunner(request, workbench, writer);
    runner.resume(open);
    writer.start(Reply.own(NAME));
    for (ToolCall call : open) {
      if (!runner.run(call)) {
        return false;
      }
    }
    for (ToolCall call : calls) {
      writer.block(ResultBlocks.call(call));
      if (!runner.run(call)) {
        return false;
      }
    }
    return true;
  }

  /** The last message of the user that is more than results of tools; -1 when there is none. */
  private static int prompt(List<JsonNode> messages) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).path("role").asString().equals("user")
          && !CurrentTurn.isOnlyToolResults(messages.get(i))) {
        return i;
      }
    }
    return -1;
  }

  private static long callsSince(List<JsonNode> messages) {
    return messages.stream()
        .flatMap(message -> message.path("content").valueStream())
        .filter(ResultBlocks::isCall)
        .count();
  }

  private static String text(JsonNode content) {
    if (content.isString()) {
      return content.stringValue();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode block : content) {
      if (ResultBlocks.type(block).equals("text")) {
        text.append(block.path("text").asString()).append('\n');
      }
    }
    return text.toString();
  }

  private static void say(ReplyWriter writer, String text) {
    writer.start(Reply.own(NAME));
    writer.block(Json.object().put("type", "text").put("text", text).putNull("citations"));
  }
}
