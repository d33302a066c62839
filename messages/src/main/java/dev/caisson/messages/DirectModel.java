package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
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

  /** Near enough for English and code where no tokenizer is at hand. */
  private static final int CHARS_PER_TOKEN = 4;

  private DirectModel() {}

  /** Writes the whole reply. */
  static ObjectNode run(MessageRequest request, Workbench workbench, ReplyWriter writer) {
    List<Fence> fences = Fence.in(lastUserText(request.messages()));
    if (request.tool().isEmpty()) {
      say(writer, NAME + " runs code only when the request has a code execution tool.");
    } else if (fences.isEmpty()) {
      say(writer, NAME + " found no fenced ```python or ```bash block in the last user message.");
    } else {
      ToolVersion version = request.tool().get().version();
      List<ToolCall> calls =
          fences.stream()
              .map(fence -> version.callFor(fence, IdKind.SERVER_TOOL_USE.next()))
              .toList();
      writer.start(Reply.own(NAME));
      calls.forEach(call -> run(call, version, workbench, writer));
    }
    Usage usage = new Usage();
    usage.add(tokens(Json.write(request.tree())), tokens(Json.write(writer.content())));
    return writer.end(Reply.ending("end_turn"), usage, workbench.container());
  }

  private static void run(
      ToolCall call, ToolVersion version, Workbench workbench, ReplyWriter writer) {
    Cancellation.check();
    writer.block(ResultBlocks.call(call));
    SubTool tool = version.subTool(call.name()).orElseThrow();
    ObjectNode result;
    try {
      result = tool.run(call.input(), workbench);
    } catch (CaissonException e) {
      result = tool.error(ResultBlocks.errorCode(e), e.getMessage());
    }
    writer.block(ResultBlocks.result(call, result));
    Cancellation.check();
  }

  private static String lastUserText(List<JsonNode> messages) {
    for (JsonNode message : messages.reversed()) {
      if (message.path("role").asString().equals("user")) {
        return text(message.path("content"));
      }
    }
    return "";
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

  private static long tokens(String text) {
    return Math.ceilDiv(text.length(), CHARS_PER_TOKEN);
  }
}
