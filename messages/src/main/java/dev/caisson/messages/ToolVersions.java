package dev.caisson.messages;

import dev.caisson.wire.Clip;
import dev.caisson.wire.JsonFields;
import java.util.List;
import java.util.stream.Collectors;

/** The versions of the code execution tool, and the one place where one is chosen. */
final class ToolVersions {
  private static final String PREFIX = "code_execution_";

  private static final List<ToolVersion> ALL =
      List.of(
          new PythonVersion(),
          new BashVersion(),
          new ReplVersion("code_execution_20260120"),
          new ReplVersion("code_execution_20260521"));

  private ToolVersions() {}

  /** Whether a tool of this type is the code execution tool, in a version known or not. */
  static boolean isCodeExecution(String type) {
    return type.startsWith(PREFIX);
  }

  /** The version of that type; the error names those that there are. */
  static ToolVersion of(String type, String path) {
    return ALL.stream()
        .filter(version -> version.type().equals(type))
        .findFirst()
        .orElseThrow(() ->
            JsonFields.invalid(
                path,
                "'"
                    + Clip.word(type)
                    + "' is not one of "
                    + ALL.stream().map(ToolVersion::type).collect(Collectors.joining(", "))));
  }

  static List<ToolVersion> all() {
    return ALL;
  }
}
