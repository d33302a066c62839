package dev.caisson.messages;

import dev.caisson.wire.Json;
import java.util.List;

/**
 * What a model is told about the tools that code may call: how, and each as the client wrote it.
 */
final class FunctionGuide {
  private static final ToolGuide GUIDE = ToolGuide.load("programmatic");

  private FunctionGuide() {}

  /** The description of Python for a version that has none without functions. */
  static ToolGuide python() {
    return GUIDE;
  }

  /** What follows the description of Python. */
  static String describe(List<CodeFunction> functions, ToolGuide.Facts facts) {
    StringBuilder text = new StringBuilder(GUIDE.describe("functions", facts));
    for (CodeFunction function : functions) {
      text.append("\n\n### ").append(function.name()).append('\n');
      function
          .definition()
          .path("description")
          .asStringOpt()
          .filter(description -> !description.isBlank())
          .ifPresent(description -> text.append(description.strip()).append('\n'));
      text.append("Input, as a JSON schema: ")
          .append(Json.write(function.definition().path("input_schema")));
    }
    return text.toString();
  }
}
