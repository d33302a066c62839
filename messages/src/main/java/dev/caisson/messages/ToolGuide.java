package dev.caisson.messages;

import dev.caisson.domain.Limits;
import dev.caisson.engine.CallLimits;
import dev.caisson.engine.Images;
import java.time.Duration;
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
    return describe(tool.name(), facts);
  }

  /** A section by its name. */
  String describe(String section, Facts facts) {
    String text = sections.get(section);
    if (text == null) {
      throw new IllegalStateException("no description of " + section);
    }
    return text.replace("{cell_limit}", facts.cellLimit())
        .replace("{call_limit}", facts.callLimit())
        .replace("{memory}", facts.memory())
        .replace("{libraries}", facts.libraries());
  }

  /** What only the server knows. */
  record Facts(String cellLimit, String callLimit, String memory, String libraries) {
    static Facts of(Limits limits, CallLimits calls, List<String> packages) {
      return new Facts(
          words(limits.cellLimit()),
          words(calls.answer()),
          limits.memory().toString(),
          packages.isEmpty()
              ? "the Python standard library only"
              : "the Python standard library, " + String.join(", ", packages));
    }

    private static String words(Duration limit) {
      return limit.toMillis() % 1000 == 0
          ? limit.toSeconds() + " seconds"
          : limit.toMillis() + " milliseconds";
    }

    static Facts of(Limits limits, CallLimits calls, Images.Entry image) {
      return of(
          limits,
          calls,
          image.packages().stream().map(name -> name.replace("==", " ")).sorted().toList());
    }
  }
}
