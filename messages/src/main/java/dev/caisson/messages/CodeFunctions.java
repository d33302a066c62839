package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.FunctionName;
import dev.caisson.wire.Clip;
import dev.caisson.wire.JsonFields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads which tools code may call, and refuses what cannot be had together with that. */
final class CodeFunctions {
  private static final String DIRECT = "direct";

  private final Optional<CodeCaller> caller;
  private final String version;
  private final List<CodeFunction> found = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  private CodeFunctions(Optional<ToolVersion> version) {
    this.caller = version.flatMap(ToolVersion::codeCaller);
    this.version = version.map(ToolVersion::type).orElse("");
  }

  /**
   * The tools that code may call.
   *
   * @param version of the code execution tool, if the request has one
   */
  static List<CodeFunction> of(JsonFields request, Optional<ToolVersion> version) {
    CodeFunctions functions = new CodeFunctions(version);
    List<JsonNode> tools = request.array("tools");
    for (int i = 0; i < tools.size(); i++) {
      functions.read(JsonFields.of(tools.get(i), "tools." + i), tools.get(i), i);
    }
    functions.checkChoice(request);
    return functions.found;
  }

  private void read(JsonFields tool, JsonNode definition, int index) {
    String type = tool.string("type").orElse("custom");
    List<String> callers = tool.strings("allowed_callers");
    checkCallers(tool, callers);
    if (ToolVersions.isCodeExecution(type) || callers.stream().allMatch(DIRECT::equals)) {
      return;
    }
    boolean direct = callers.contains(DIRECT);
    boolean callable =
        caller.isPresent() && callers.stream().anyMatch(caller.get().accepted()::contains);
    if (type.equals("custom") && callable) {
      String name = tool.requiredString("name");
      check(tool, name);
      found.add(new CodeFunction(index, name, direct, (ObjectNode) definition));
    } else if (!direct) {
      throw JsonFields.invalid(tool.path("allowed_callers"), neverCalled(type));
    }
  }

  private static void checkCallers(JsonFields tool, List<String> callers) {
    for (int i = 0; i < callers.size(); i++) {
      String name = callers.get(i);
      if (!name.equals(DIRECT) && !CodeCaller.isCode(name)) {
        throw JsonFields.invalid(
            tool.path("allowed_callers") + "." + i,
            "'"
                + Clip.word(name)
                + "' is not one of 'direct', "
                + CodeCaller.TYPES.stream().sorted().toList());
      }
    }
  }

  /** A tool that nobody could call is a mistake that is better said than found out. */
  private String neverCalled(String type) {
    if (!type.equals("custom")) {
      return "code can call only tools of type 'custom'; add \"direct\"";
    }
    if (version.isEmpty()) {
      return "there is no code execution tool in this request that could call it; add one, or add"
          + " \"direct\"";
    }
    return version
        + caller
            .map(code -> " can be named as " + code.accepted().stream().sorted().toList())
            .orElse(" calls no tools")
        + "; change it, or add \"direct\"";
  }

  private void check(JsonFields tool, String name) {
    Optional<String> complaint = FunctionName.complaint(name);
    if (complaint.isPresent()) {
      throw JsonFields.invalid(
          tool.path("name"), "code cannot call '" + Clip.word(name) + "': " + complaint.get());
    }
    if (!names.add(name)) {
      throw JsonFields.invalid("tools", "Tool names must be unique: " + Clip.word(name));
    }
    if (tool.bool("strict").orElse(false)) {
      throw JsonFields.invalid(
          tool.path("strict"), "strict tools are not supported with programmatic tool calling");
    }
    tool.object("input_schema");
    tool.any("input_schema")
        .filter(SchemaCycles::has)
        .ifPresent(schema -> {
          throw JsonFields.invalid(
              tool.path("input_schema"),
              "Circular $ref detected: such a tool cannot be called from code");
        });
  }

  private void checkChoice(JsonFields request) {
    Optional<JsonFields> choice = request.object("tool_choice");
    if (choice.isEmpty() || found.isEmpty()) {
      return;
    }
    if (choice.get().bool("disable_parallel_tool_use").orElse(false)) {
      throw JsonFields.invalid(
          choice.get().path("disable_parallel_tool_use"),
          "not supported with programmatic tool calling");
    }
    String name = choice.get().string("name").orElse("");
    for (CodeFunction function : found) {
      if (function.name().equals(name) && !function.direct()) {
        throw new CaissonException.InvalidRequest(
            "tool_choice.name: '"
                + name
                + "' can be called only from code: its allowed_callers lack \"direct\"");
      }
    }
  }
}
