package dev.caisson.messages;

import dev.caisson.wire.Json;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request as the upstream gets it: the code execution tool replaced by client tools with the
 * sub-tools' own names, the container taken out, everything else as the client wrote it.
 */
final class UpstreamRequest {
  private UpstreamRequest() {}

  /**
   * The request for one reply.
   *
   * @param messages the conversation so far, as an upstream sees it
   * @param isFirst whether this is the first reply of the request: a forced tool is forced once
   */
  static ObjectNode of(
      MessageRequest request, ArrayNode messages, ToolGuide.Facts facts, boolean isFirst) {
    ObjectNode json = request.tree().deepCopy();
    json.remove(List.of("container", "stream"));
    json.set("messages", messages);
    request.tool().ifPresent(tool -> json.set("tools", tools(request.tree(), tool, facts)));
    if (json.path("tools").isArray()) {
      json.path("tools").forEach(UpstreamRequest::dropCallers);
    }
    if (json.path("tool_choice").isObject() && request.tool().isPresent()) {
      toolChoice((ObjectNode) json.get("tool_choice"), request.tool().get(), isFirst);
    }
    return json;
  }

  private static ArrayNode tools(
      ObjectNode request, CodeExecution codeExecution, ToolGuide.Facts facts) {
    JsonNode given = request.path("tools");
    ArrayNode tools = Json.array();
    for (int i = 0; i < given.size(); i++) {
      if (i == codeExecution.index()) {
        offer(codeExecution, given.get(i).path("cache_control"), facts, tools);
      } else if (!onlyForCode(codeExecution, i)) {
        tools.add(given.get(i).deepCopy());
      }
    }
    return tools;
  }

  /** The model hears of such a tool where it hears of the code. */
  private static boolean onlyForCode(CodeExecution codeExecution, int index) {
    return codeExecution.functions().stream()
        .anyMatch(function -> function.index() == index && !function.direct());
  }

  private static void offer(
      CodeExecution codeExecution, JsonNode cacheControl, ToolGuide.Facts facts, ArrayNode tools) {
    ObjectNode offered = Json.object();
    for (SubTool tool : codeExecution.subTools()) {
      offered =
          tools
              .addObject()
              .put("name", tool.name())
              .put("description", description(codeExecution, tool, facts));
      offered.set("input_schema", tool.inputSchema());
    }
    if (cacheControl.isObject()) {
      offered.set("cache_control", cacheControl);
    }
  }

  private static String description(
      CodeExecution codeExecution, SubTool tool, ToolGuide.Facts facts) {
    ToolVersion version = codeExecution.version();
    if (!tool.name().equals(SubTool.PYTHON) || codeExecution.functions().isEmpty()) {
      return version.guide().describe(tool, facts);
    }
    boolean isOwn = version.subTool(SubTool.PYTHON).isPresent();
    ToolGuide guide = isOwn ? version.guide() : FunctionGuide.python();
    return guide.describe(tool, facts)
        + "\n\n"
        + FunctionGuide.describe(codeExecution.functions(), facts);
  }

  private static void dropCallers(JsonNode tool) {
    if (tool instanceof ObjectNode object) {
      object.remove("allowed_callers");
    }
  }

  /**
   * Code execution has other names upstream. And what forces a tool would force it again after each
   * of its results, without an end.
   */
  private static void toolChoice(ObjectNode choice, CodeExecution codeExecution, boolean isFirst) {
    String type = choice.path("type").asStringOpt().orElse("");
    if (!isFirst && (type.equals("any") || type.equals("tool"))) {
      choice.put("type", "auto").remove("name");
      return;
    }
    String name = choice.path("name").asStringOpt().orElse("");
    if (type.equals("tool")
        && name.equals(SubTool.PYTHON)
        && codeExecution.subTool(SubTool.PYTHON).isEmpty()) {
      choice.put("name", codeExecution.subTools().getFirst().name());
    }
  }
}
