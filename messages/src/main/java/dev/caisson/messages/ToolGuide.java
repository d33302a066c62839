package dev.caisson.messages;

import dev.caisson.domain.Limits;
import dev.caisson.engine.Images;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a version tells a model about its tools: one resource file, with a section per tool under a
 * line {@code ## name} and gaps such as {@code {cell_limit}}.
 */
final class ToolGuide {
  private final Map<String, String> sections;

  private ToolGuide(Map<String, String> sections) {
    this.sections = Map.copyOf(sections);
  }

  static ToolGuide load(String type) {
    Map<String, String> sections = new HashMap<>();
    String name = "";
    StringBuilder text = new StringBuilder();
    for (String line : (Resources.text(type + ".md") + "\n## ").split("\n", -1)) {
      if (line.startsWith("## ")) {
        sections.put(name, text.toString().strip());
        name = line.substring(3).strip();
        text.setLength(0);
      } else {
        text.append(line).append('\n');
      }
    }
    sections.remove("");
    return new ToolGuide(sections);
  }

  /** The description of a tool of this version on this server. */
  String describe(SubTool tool, Facts facts) {
    String text = sections.get(tool.name());
    if (text == null) {
      throw new IllegalStateException("no description of " + tool.name());
    }
    return text.replace("{cell_limit}", facts.cellLimit())
        .replace("{memory}", facts.memory())
        .replace("{libraries}", facts.libraries());
  }

  /** What only the server knows. */
  record Facts(String cellLimit, String memory, String libraries) {
    static Facts of(Limits limits, List<String> packages) {
      return new Facts(
          limits.cellLimit().toMillis() % 1000 == 0
              ? limits.cellLimit().toSeconds() + " seconds"
              : limits.cellLimit().toMillis() + " milliseconds",
          limits.memory().toString(),
          packages.isEmpty()
              ? "the Python standard library only"
              : "the Python standard library, " + String.join(", ", packages));
    }

    static Facts of(Limits limits, Images.Entry image) {
      return of(
          limits, image.packages().stream().map(name -> name.replace("==", " ")).sorted().toList());
    }
  }
}
