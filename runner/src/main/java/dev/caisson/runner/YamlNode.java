package dev.caisson.runner;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A piece of a YAML file that knows its line. */
sealed interface YamlNode {
  /** 1-based. */
  int line();

  /** What it is, for an error message. */
  String kind();

  /**
   * A mapping.
   *
   * @param keyLines the line of each key
   */
  record Mapping(int line, Map<String, YamlNode> entries, Map<String, Integer> keyLines)
      implements YamlNode {
    Mapping(int line) {
      this(line, new LinkedHashMap<>(), new LinkedHashMap<>());
    }

    @Override
    public String kind() {
      return "a mapping";
    }
  }

  /** A list. */
  record Sequence(int line, List<YamlNode> items) implements YamlNode {
    @Override
    public String kind() {
      return "a list";
    }
  }

  /** A text, number or truth value, as it is written. */
  record Scalar(int line, String text, Type type) implements YamlNode {
    enum Type {
      TEXT,
      NUMBER,
      BOOLEAN,
      NULL
    }

    @Override
    public String kind() {
      return switch (type) {
        case TEXT -> "the text '" + StagePath.printable(text) + "'";
        case NUMBER -> "the number " + text;
        case BOOLEAN -> text;
        case NULL -> "nothing";
      };
    }
  }
}
