package dev.caisson.messages;

import dev.caisson.domain.Language;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code code_execution_20260120} and later: bash, a text editor, and Python whose variables stay
 * from call to call. The versions differ only in what a model is told.
 */
final class ReplVersion implements ToolVersion {
  private static final String CALLER = "code_execution_20260120";

  private final String type;
  private final CodeSubTool bash = CodeSubTool.bash();
  private final CodeSubTool python = CodeSubTool.persistentPython();
  private final List<SubTool> subTools = List.of(bash, new EditorSubTool(), python);
  private final ToolGuide guide;

  ReplVersion(String type) {
    this.type = type;
    this.guide = ToolGuide.load(type);
  }

  @Override
  public String type() {
    return type;
  }

  @Override
  public List<SubTool> subTools() {
    return subTools;
  }

  @Override
  public ToolCall callFor(Fence fence, String id) {
    CodeSubTool tool = fence.language() == Language.PYTHON ? python : bash;
    return new ToolCall(id, tool.name(), tool.input(fence.code()));
  }

  /** Later versions are named as this family's first. */
  @Override
  public Optional<CodeCaller> codeCaller() {
    return Optional.of(new CodeCaller(CALLER, Set.of(CALLER, "code_execution_20260521"), python));
  }

  @Override
  public ToolGuide guide() {
    return guide;
  }
}
