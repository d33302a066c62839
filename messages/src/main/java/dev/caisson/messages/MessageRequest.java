package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request as far as we must understand it; the rest stays in {@code tree} for the upstream.
 *
 * @param containerId as the client wrote it
 * @param tool the code execution tool, if the request has it
 * @param results for code that waits
 * @param uploads of the current turn, in order
 */
record MessageRequest(
    ObjectNode tree,
    String model,
    List<JsonNode> messages,
    Optional<String> containerId,
    Optional<CodeExecution> tool,
    CodeResults results,
    List<Upload> uploads) {

  /** A file to mount; {@code path} is where the request names it. */
  record Upload(String fileId, String path) {}

  /** Reads a request; what is wrong with it is said before anything is done. */
  static MessageRequest parse(JsonNode body) {
    JsonFields fields = JsonFields.of(body, "");
    String model = fields.requiredString("model");
    fields.requiredInteger("max_tokens", 1, Integer.MAX_VALUE);
    fields.requiredAny("messages");
    List<JsonNode> messages = fields.array("messages");
    if (messages.isEmpty()) {
      throw JsonFields.invalid("messages", "at least one message is required");
    }
    for (int i = 0; i < messages.size(); i++) {
      checkMessage(messages.get(i), "messages." + i);
    }
    checkSystem(fields);
    refuseThread(fields);
    fields.bool("stream");
    Optional<String> containerId = container(fields);
    Optional<CodeExecution> tool = tool(fields);
    WholeText.check(body, "");
    return new MessageRequest(
        (ObjectNode) body,
        model,
        messages,
        containerId,
        tool,
        CodeResults.of(messages, containerId.isPresent()),
        CurrentTurn.uploads(messages));
  }

  /**
   * Reads a request whose tokens are to be counted. It has no limit and no container, and a
   * conversation that waits for results of code counts as any other.
   */
  static MessageRequest parseUncounted(JsonNode body) {
    JsonFields fields = JsonFields.of(body, "");
    for (String field : List.of("max_tokens", "container", "stream")) {
      if (fields.any(field).isPresent()) {
        throw JsonFields.invalid(field, "Extra inputs are not permitted");
      }
    }
    ObjectNode tree = body.deepCopy().asObject();
    return parse(tree.put("max_tokens", 1).put("container", "uncounted"));
  }

  /** The same request about a conversation that was written otherwise. */
  MessageRequest withMessages(List<JsonNode> others) {
    return new MessageRequest(tree, model, others, containerId, tool, results, uploads);
  }

  /**
   * A conversation that the server holds. The tool runners of the SDKs ask for one first, and go on
   * without it when they are told so in this way.
   */
  private static void refuseThread(JsonFields fields) {
    if (fields.any("thread").filter(thread -> !thread.isNull()).isPresent()) {
      throw new CaissonException.Unsupported(
          "thread_unsupported_request",
          "thread",
          "thread: this server holds no conversations; send all messages in every request");
    }
  }

  /** The same request with other fields than those that are read here. */
  MessageRequest withTree(ObjectNode other) {
    return new MessageRequest(other, model, messages, containerId, tool, results, uploads);
  }

  private static void checkSystem(JsonFields fields) {
    JsonNode system = fields.any("system").orElse(Json.array());
    for (int i = 0; system.isArray() && i < system.size(); i++) {
      refuseUpload(system.get(i), "system." + i);
    }
  }

  private static void refuseUpload(JsonNode block, String path) {
    if (ResultBlocks.type(block).equals("container_upload")) {
      throw JsonFields.invalid(path, "container_upload can only stand in a user message");
    }
  }

  private static void checkMessage(JsonNode message, String path) {
    JsonFields fields = JsonFields.of(message, path);
    String role = fields.requiredString("role");
    if (!Set.of("user", "assistant", "system").contains(role)) {
      throw JsonFields.invalid(fields.path("role"), "Input should be 'user' or 'assistant'");
    }
    JsonNode content = fields.requiredAny("content");
    if (content.isString()) {
      return;
    }
    if (!content.isArray()) {
      throw JsonFields.invalid(
          fields.path("content"), "Input should be a valid string or list of blocks");
    }
    for (int i = 0; i < content.size(); i++) {
      checkBlock(content.get(i), fields.path("content") + "." + i, role);
    }
  }

  private static void checkBlock(JsonNode block, String path, String role) {
    JsonFields fields = JsonFields.of(block, path);
    String type = fields.requiredString("type");
    switch (type) {
      case "container_upload" -> {
        fields.requiredString("file_id");
        fields.any("cache_control");
        fields.any("type");
        fields.rejectUnknown();
        if (!role.equals("user")) {
          refuseUpload(block, path);
        }
      }
      case "text" -> fields.requiredString("text");
      case "tool_use", ResultBlocks.CALL -> {
        fields.requiredString("id");
        fields.requiredString("name");
        JsonFields.of(fields.requiredAny("input"), fields.path("input"));
      }
      case "tool_result" -> {
        fields.requiredString("tool_use_id");
        JsonNode content = block.path("content");
        for (int i = 0; content.isArray() && i < content.size(); i++) {
          refuseUpload(content.get(i), fields.path("content") + "." + i);
        }
      }
      default -> {
        if (ResultBlocks.isResult(block)) {
          fields.requiredString("tool_use_id");
          JsonFields.of(fields.requiredAny("content"), fields.path("content"));
        }
      }
    }
  }

  private static Optional<String> container(JsonFields fields) {
    Optional<JsonNode> container = fields.any("container");
    if (container.isEmpty() || container.get().isString()) {
      return container.map(JsonNode::stringValue);
    }
    if (!container.get().isObject()) {
      throw JsonFields.invalid("container", "Input should be a valid string or object");
    }
    JsonFields object = JsonFields.of(container.get(), "container");
    Optional<String> id = object.string("id");
    object.array("skills"); // RequestedSkills reads them
    object.rejectUnknown();
    return id;
  }

  private static Optional<CodeExecution> tool(JsonFields fields) {
    List<JsonNode> tools = fields.array("tools");
    int index = -1;
    Optional<ToolVersion> version = Optional.empty();
    List<String> otherNames = new ArrayList<>();
    for (int i = 0; i < tools.size(); i++) {
      String path = "tools." + i;
      JsonFields tool = JsonFields.of(tools.get(i), path);
      String type = tool.string("type").orElse("custom");
      if (!ToolVersions.isCodeExecution(type)) {
        tool.string("name").ifPresent(otherNames::add);
        continue;
      }
      if (version.isPresent()) {
        throw JsonFields.invalid(path, "only one code execution tool can be given");
      }
      checkCodeExecution(tool);
      version = Optional.of(ToolVersions.of(type, tool.path("type")));
      index = i;
    }
    Set<String> taken = new HashSet<>(SubTool.NAMES);
    if (version.isPresent() && otherNames.stream().anyMatch(taken::contains)) {
      throw JsonFields.invalid(
          "tools", "Tool names must be unique: " + SubTool.NAMES + " belong to code execution");
    }
    List<CodeFunction> functions = CodeFunctions.of(fields, version);
    int place = index;
    return version.map(one -> new CodeExecution(one, place, functions));
  }

  private static void checkCodeExecution(JsonFields tool) {
    String name = tool.requiredString("name");
    if (!name.equals("code_execution")) {
      throw JsonFields.invalid(tool.path("name"), "Input should be 'code_execution'");
    }
    tool.any("type");
    tool.strings("allowed_callers");
    tool.any("cache_control");
    tool.bool("defer_loading");
    tool.bool("strict");
    tool.rejectUnknown();
  }
}
