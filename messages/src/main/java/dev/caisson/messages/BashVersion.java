package dev.caisson.messages;

import dev.caisson.domain.Language;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code code_execution_20250825}: bash, a text editor, and Python where it calls tools. */
final class BashVersion implements ToolVersion {
  private final CodeSubTool bash = CodeSubTool.bash();
  private final List<SubTool> subTools = List.of(bash, new EditorSubTool());
  private final ToolGuide guide = ToolGuide.load(type());

  @Override
  public String type() {
    return "code_execution_20250825";
  }

  @Override
  public List<SubTool> subTools() {
    return subTools;
  }

  @Override
  public ToolCall callFor(Fence fence, String id) {
    String command = fence.language() == Language.PYTHON ? heredoc(fence.code()) : fence.code();
    return new ToolCall(id, bash.name(), bash.input(command));
  }

  @Override
  public Optional<CodeCaller> codeCaller() {
    return Optional.of(new CodeCaller(type(), Set.of(type()), CodeSubTool.programmaticPython()));
  }

  @Override
  public ToolGuide guide() {
    return guide;
  }

  /** Python by way of bash, under an end mark that the code does not have. */
  private static String heredoc(String code) {
    StringBuilder mark = new StringBuilder("PYTHON");
    while (code.lines().anyMatch(line -> line.contentEquals(mark))) {
      mark.append('_');
    }
    String text = code.endsWith("\n") ? code : code + "\n";
    return "python3 - <<'" + mark + "'\n" + text + mark + "\n";
  }
}
