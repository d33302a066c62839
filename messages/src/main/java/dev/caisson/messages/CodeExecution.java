package dev.caisson.messages;

import dev.caisson.domain.Language;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The code execution tool of a request.
 *
 * @param index in {@code tools}
 * @param functions tools of the client that the code may call
 */
record CodeExecution(ToolVersion version, int index, List<CodeFunction> functions) {
  CodeExecution {
    functions = List.copyOf(functions);
  }

  /** What the model may call: what the version has, and Python where code calls tools. */
  List<SubTool> subTools() {
    List<SubTool> tools = new ArrayList<>(version.subTools());
    if (!functions.isEmpty() && version.subTool(SubTool.PYTHON).isEmpty()) {
      version.codeCaller().map(CodeCaller::python).ifPresent(tools::add);
    }
    return tools;
  }

  /** The call that runs a fenced block for {@code caisson-direct}. */
  ToolCall callFor(Fence fence, String id) {
    Optional<CodeCaller> caller = version.codeCaller();
    if (functions.isEmpty() || caller.isEmpty() || fence.language() != Language.PYTHON) {
      return version.callFor(fence, id);
    }
    return new ToolCall(id, SubTool.PYTHON, caller.get().python().input(fence.code()));
  }

  Optional<SubTool> subTool(String name) {
    return subTools().stream().filter(tool -> tool.name().equals(name)).findFirst();
  }
}
