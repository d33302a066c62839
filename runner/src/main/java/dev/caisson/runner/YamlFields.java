package dev.caisson.runner;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes the known keys out of a mapping and notes what is wrong: an unknown key, a value of the
 * wrong kind. Every key that it meets is noted with its line, so that later problems can be placed.
 */
final class YamlFields {
  private final String path;
  private final YamlNode.Mapping mapping;
  private final List<Problem> problems;
  private final Map<String, Integer> lines;

  /**
   * @param path of the mapping, such as {@code stages.clean}; empty for the file itself
   * @param lines takes the line of every key path
   */
  YamlFields(
      String path, YamlNode.Mapping mapping, List<Problem> problems, Map<String, Integer> lines) {
    this.path = path;
    this.mapping = mapping;
    this.problems = problems;
    this.lines = lines;
    mapping.keyLines().forEach((key, line) -> lines.put(at(key), line));
  }

  /** Notes every key that is not one of these. */
  YamlFields allow(List<String> allowed) {
    for (String key : mapping.entries().keySet()) {
      if (!allowed.contains(key)) {
        problem(
            key,
            "unknown key '"
                + StagePath.printable(key)
                + "'"
                + Suggestion.near(key, allowed)
                + " (allowed here: "
                + String.join(", ", allowed)
                + ")");
      }
    }
    return this;
  }

  Collection<String> keys() {
    return mapping.entries().keySet();
  }

  /** A text; a number or truth value counts as it is written. */
  Optional<String> text(String key) {
    return Optional.ofNullable(mapping.entries().get(key)).flatMap(node -> scalar(key, node, true));
  }

  /** A text that was not written as a number, a truth value or nothing. */
  Optional<String> word(String key) {
    return Optional.ofNullable(mapping.entries().get(key))
        .flatMap(node -> scalar(key, node, false));
  }

  Optional<Boolean> truth(String key) {
    YamlNode node = mapping.entries().get(key);
    if (node == null) {
      return Optional.empty();
    }
    if (node instanceof YamlNode.Scalar scalar && scalar.type() == YamlNode.Scalar.Type.BOOLEAN) {
      return Optional.of(scalar.text().equalsIgnoreCase("true"));
    }
    problem(key, "must be true or false, not " + node.kind());
    return Optional.empty();
  }

  /** The fields of a mapping under this key; none when it is missing or something else. */
  Optional<YamlFields> fields(String key) {
    YamlNode node = mapping.entries().get(key);
    if (node == null) {
      return Optional.empty();
    }
    if (node instanceof YamlNode.Mapping inner) {
      return Optional.of(new YamlFields(at(key), inner, problems, lines));
    }
    problem(key, "must be a mapping (key: value), not " + node.kind());
    return Optional.empty();
  }

  /** Name to text, in the order of the file. */
  Map<String, String> texts(String key) {
    return texts(key, true);
  }

  /** Name to {@link #word}, in the order of the file. */
  Map<String, String> words(String key) {
    return texts(key, false);
  }

  private Map<String, String> texts(String key, boolean anyScalar) {
    Map<String, String> texts = new LinkedHashMap<>();
    fields(key)
        .ifPresent(inner -> {
          for (String name : inner.keys()) {
            Optional<String> text = anyScalar ? inner.text(name) : inner.word(name);
            text.ifPresent(value -> texts.put(name, value));
          }
        });
    return texts;
  }

  /** The words of a list. */
  List<String> list(String key) {
    YamlNode node = mapping.entries().get(key);
    List<String> words = new ArrayList<>();
    if (node instanceof YamlNode.Sequence sequence) {
      for (int i = 0; i < sequence.items().size(); i++) {
        YamlNode item = sequence.items().get(i);
        String itemKey = key + "[" + i + "]";
        lines.put(at(itemKey), item.line());
        scalar(itemKey, item, false).ifPresent(words::add);
      }
    } else if (node != null) {
      problem(key, "must be a list ([a, b]), not " + node.kind());
    }
    return words;
  }

  void problem(String key, String message) {
    problems.add(new Problem(at(key), message));
  }

  private Optional<String> scalar(String key, YamlNode node, boolean anyScalar) {
    if (node instanceof YamlNode.Scalar scalar) {
      boolean text = scalar.type() == YamlNode.Scalar.Type.TEXT;
      if (text || (anyScalar && scalar.type() != YamlNode.Scalar.Type.NULL)) {
        return Optional.of(scalar.text());
      }
    }
    problem(key, "must be a text, not " + node.kind());
    return Optional.empty();
  }

  private String at(String key) {
    String shown = StagePath.printable(key);
    return path.isEmpty() ? shown : path + "." + shown;
  }
}
