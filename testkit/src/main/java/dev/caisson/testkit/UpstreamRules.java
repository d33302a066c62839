package dev.caisson.testkit;

import dev.caisson.wire.JsonFields;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What the hosted API would refuse of a request that reaches an upstream: fields and blocks of code
 * execution that have no place there, calls without results, names of tools that are no names.
 */
final class UpstreamRules {
  private static final Pattern TOOL_NAME = Pattern.compile("[a-zA-Z0-9_-]{1,128}");
  private static final Set<String> FOREIGN =
      Set.of(
          "container_upload",
          "bash_code_execution_tool_result",
          "text_editor_code_execution_tool_result",
          "code_execution_tool_result");

  private UpstreamRules() {}

  /** Throws InvalidRequest with the API's own words where they are known. */
  static void check(JsonNode request) {
    JsonFields fields = JsonFields.of(request, "");
    fields.requiredString("model");
    fields.requiredInteger("max_tokens", 1, Integer.MAX_VALUE);
    if (request.has("container")) {
      throw JsonFields.invalid("container", "Extra inputs are not permitted");
    }
    checkTools(fields.array("tools"));
    checkMessages(fields.array("messages"));
  }

  private static void checkTools(List<JsonNode> tools) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < tools.size(); i++) {
      JsonFields tool = JsonFields.of(tools.get(i), "tools." + i);
      String name = tool.requiredString("name");
      String type = tool.string("type").orElse("custom");
      if (type.startsWith("code_execution")) {
        throw JsonFields.invalid(tool.path("type"), "no such tool here");
      }
      if (type.equals("custom")) {
        JsonFields.of(tool.requiredAny("input_schema"), tool.path("input_schema"))
            .requiredString("type");
      }
      if (!TOOL_NAME.matcher(name).matches() || !names.add(name)) {
        throw JsonFields.invalid("tools", "Tool names must be unique.");
      }
    }
  }

  private static void checkMessages(List<JsonNode> messages) {
    if (messages.isEmpty()) {
      throw JsonFields.invalid("messages", "at least one message is required");
    }
    Set<String> open = new LinkedHashSet<>();
    for (int i = 0; i < messages.size(); i++) {
      JsonFields message = JsonFields.of(messages.get(i), "messages." + i);
      boolean isUser = message.requiredString("role").equals("user");
      JsonNode content = message.requiredAny("content");
      Set<String> answered = isUser ? results(content, message.path("content")) : Set.of();
      open.removeAll(answered);
      if (!open.isEmpty()) {
        throw JsonFields.invalid(
            "messages." + i,
            "`tool_use` ids were found without `tool_result` blocks immediately after: "
                + String.join(", ", open));
      }
      open.addAll(isUser ? Set.of() : uses(content, message.path("content")));
    }
    if (!open.isEmpty()) {
      throw JsonFields.invalid(
          "messages." + (messages.size() - 1),
          "`tool_use` ids were found without `tool_result` blocks immediately after: "
              + String.join(", ", open));
    }
  }

  private static Set<String> results(JsonNode content, String path) {
    Set<String> ids = new LinkedHashSet<>();
    boolean afterOther = false;
    for (int i = 0; content.isArray() && i < content.size(); i++) {
      JsonNode block = content.get(i);
      checkBlock(block, path + "." + i);
      if (block.path("type").asStringOpt().orElse("").equals("tool_result")) {
        if (afterOther) {
          throw JsonFields.invalid(path, "tool_result blocks must come first");
        }
        ids.add(block.path("tool_use_id").asStringOpt().orElse(""));
      } else {
        afterOther = true;
      }
    }
    return ids;
  }

  private static Set<String> uses(JsonNode content, String path) {
    Set<String> ids = new LinkedHashSet<>();
    for (int i = 0; content.isArray() && i < content.size(); i++) {
      JsonNode block = content.get(i);
      checkBlock(block, path + "." + i);
      if (block.path("type").asStringOpt().orElse("").equals("tool_use")
          && !ids.add(block.path("id").asStringOpt().orElse(""))) {
        throw JsonFields.invalid(path + "." + i, "`tool_use` ids must be unique");
      }
    }
    return ids;
  }

  private static void checkBlock(JsonNode block, String path) {
    String type = block.path("type").asStringOpt().orElse("");
    boolean ourCall =
        type.equals("server_tool_use")
            && block.path("name").asStringOpt().orElse("").contains("code_execution");
    if (FOREIGN.contains(type) || ourCall || block.has("caller")) {
      throw JsonFields.invalid(path, "Input tag '" + type + "' does not belong here");
    }
  }
}
