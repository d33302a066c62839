package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The blocks of a code execution turn: calls and results, as the contract writes them. */
final class ResultBlocks {
  static final String CALL = "server_tool_use";
  private static final String RESULT_SUFFIX = "_tool_result";

  private ResultBlocks() {}

  /** The block of a call; {@code caller} is always there because typed SDKs require it. */
  static ObjectNode call(ToolCall call) {
    ObjectNode block =
        Json.object().put("type", CALL).put("id", call.id()).put("name", call.name());
    block.set("input", call.input());
    block.putObject("caller").put("type", "direct");
    return block;
  }

  /** The block of a call's result. */
  static ObjectNode result(ToolCall call, ObjectNode content) {
    ObjectNode block =
        Json.object().put("type", call.name() + RESULT_SUFFIX).put("tool_use_id", call.id());
    block.set("content", content);
    return block;
  }

  static ObjectNode error(String tool, String code, String message) {
    ObjectNode content =
        Json.object().put("type", tool + RESULT_SUFFIX + "_error").put("error_code", code);
    // Only this family's error has a place for words.
    return tool.equals(SubTool.EDITOR) ? content.put("error_message", message) : content;
  }

  /** The word of the contract for what kept a call from running. */
  static String errorCode(CaissonException failure) {
    return switch (failure) {
      case CaissonException.InvalidRequest e -> "invalid_tool_input";
      case CaissonException.Busy e -> "too_many_requests";
      case CaissonException.ContainerExpired e -> "container_expired";
      default -> "unavailable";
    };
  }

  /** Whether a block is a call of one of our tools. */
  static boolean isCall(JsonNode block) {
    return CALL.equals(type(block))
        && SubTool.NAMES.contains(block.path("name").asStringOpt().orElse(""));
  }

  /** Whether a block is the result of one of our tools. */
  static boolean isResult(JsonNode block) {
    String type = type(block);
    return type.endsWith(RESULT_SUFFIX)
        && SubTool.NAMES.contains(type.substring(0, type.length() - RESULT_SUFFIX.length()));
  }

  /** The type of a block; empty for what is no block. */
  static String type(JsonNode block) {
    return block.path("type").asStringOpt().orElse("");
  }
}
