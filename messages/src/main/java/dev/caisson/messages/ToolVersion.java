package dev.caisson.messages;

import java.util.List;
import java.util.Optional;

/**
 * One version of the code execution tool: what it offers to a model. Chosen in {@link
 * ToolVersions}. Safe for use from many threads.
 */
interface ToolVersion {
  /** The type that a request names. */
  String type();

  /** What the model may call; the first stands for the version where one must be shown. */
  List<SubTool> subTools();

  /**
   * The call that runs a fenced block for {@code caisson-direct}; throws InvalidRequest when this
   * version cannot.
   */
  ToolCall callFor(Fence fence, String id);

  /** What a model must know of one of the tools, with gaps for what only the server knows. */
  ToolGuide guide();

  /** How code of this version calls tools of the client; empty when it cannot. */
  default Optional<CodeCaller> codeCaller() {
    return Optional.empty();
  }

  default Optional<SubTool> subTool(String name) {
    return subTools().stream().filter(tool -> tool.name().equals(name)).findFirst();
  }
}
