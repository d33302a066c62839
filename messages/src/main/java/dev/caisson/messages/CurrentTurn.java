package dev.caisson.messages;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * The turn that a request asks to go on with: what comes after the last completed reply. An
 * exchange of {@code tool_use} and {@code tool_result} does not complete a reply.
 */
final class CurrentTurn {
  private CurrentTurn() {}

  /** The files to mount; a file named twice counts once. */
  static List<MessageRequest.Upload> uploads(List<JsonNode> messages) {
    Map<String, MessageRequest.Upload> uploads = new LinkedHashMap<>();
    for (int i = start(messages); i < messages.size(); i++) {
      JsonNode content = messages.get(i).path("content");
      for (int j = 0; content.isArray() && j < content.size(); j++) {
        JsonNode block = content.get(j);
        if (ResultBlocks.type(block).equals("container_upload")) {
          String id = block.path("file_id").asString();
          uploads.putIfAbsent(
              id, new MessageRequest.Upload(id, "messages." + i + ".content." + j + ".file_id"));
        }
      }
    }
    return List.copyOf(uploads.values());
  }

  /**
   * The calls of ours that have no result yet, to be run, or gone on with, before the model goes
   * on. Those of a reply in which code stood still can be followed by replies that only went on
   * with that code.
   */
  static List<ToolCall> openCalls(List<JsonNode> messages) {
    return unanswered(messages.subList(replyStart(messages), messages.size()));
  }

  /** Where the last reply of the model begins, over all the requests that it took. */
  static int replyStart(List<JsonNode> messages) {
    int i = messages.size() - 1;
    if (i > 0 && isOnlyToolResults(messages.get(i))) {
      i--;
    }
    if (!isAssistant(messages.get(i))) {
      return messages.size();
    }
    while (i > 1
        && onlyGoesOn(messages.get(i))
        && isOnlyToolResults(messages.get(i - 1))
        && isAssistant(messages.get(i - 2))) {
      i -= 2;
    }
    return i;
  }

  private static int start(List<JsonNode> messages) {
    for (int i = messages.size() - 2; i >= 0; i--) {
      if (isAssistant(messages.get(i))
          && !isAssistant(messages.get(i + 1))
          && !hasToolResult(messages.get(i + 1))) {
        return i + 1;
      }
    }
    return 0;
  }

  private static List<ToolCall> unanswered(List<JsonNode> messages) {
    List<ToolCall> calls = new ArrayList<>();
    for (JsonNode message : messages) {
      for (JsonNode block : message.path("content")) {
        if (ResultBlocks.isCall(block)) {
          calls.add(ToolCall.of(block));
        } else if (ResultBlocks.isResult(block)) {
          String id = block.path("tool_use_id").asStringOpt().orElse("");
          calls.removeIf(call -> call.id().equals(id));
        }
      }
    }
    return calls;
  }

  /** Whether a reply holds nothing of the model's: code went on, and stood still again. */
  private static boolean onlyGoesOn(JsonNode message) {
    return message
        .path("content")
        .valueStream()
        .allMatch(block -> ResultBlocks.isResult(block) || CodeResults.isCallOfCode(block));
  }

  static boolean isAssistant(JsonNode message) {
    return message.path("role").asStringOpt().orElse("").equals("assistant");
  }

  private static boolean hasToolResult(JsonNode message) {
    return message
        .path("content")
        .valueStream()
        .anyMatch(block -> ResultBlocks.type(block).equals("tool_result"));
  }

  static boolean isOnlyToolResults(JsonNode message) {
    JsonNode content = message.path("content");
    return content.isArray()
        && !content.isEmpty()
        && content.valueStream().allMatch(block -> ResultBlocks.type(block).equals("tool_result"));
  }
}
