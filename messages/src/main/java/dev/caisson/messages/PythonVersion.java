package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Language;
import java.util.List;

/** {@code code_execution_20250522}: Python alone, each call a fresh process. */
final class PythonVersion implements ToolVersion {
  private final CodeSubTool python = CodeSubTool.freshPython();
  private final ToolGuide guide = ToolGuide.load(type());

  @Override
  public String type() {
    return "code_execution_20250522";
  }

  @Override
  public List<SubTool> subTools() {
    return List.of(python);
  }

  @Override
  public ToolCall callFor(Fence fence, String id) {
    if (fence.language() == Language.BASH) {
      throw new CaissonException.InvalidRequest(
          "messages: a bash block cannot run with " + type() + ", which is Python only");
    }
    return new ToolCall(id, python.name(), python.input(fence.code()));
  }

  @Override
  public ToolGuide guide() {
    return guide;
  }
}
