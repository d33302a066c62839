package dev.caisson.runner;

import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * Reads one YAML document into nodes that know their lines. Refuses what makes a file mean
 * something else than it looks like: a key given twice, an alias, a second document.
 */
final class YamlTree {
  private final JsonParser parser;

  private YamlTree(JsonParser parser) {
    this.parser = parser;
  }

  /** Throws {@link Malformed} that names the line. */
  static YamlNode read(Reader text) throws Malformed {
    try (JsonParser parser = new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
      YamlTree tree = new YamlTree(parser);
      if (parser.nextToken() == null) {
        throw new Malformed(1, "the file is empty");
      }
      YamlNode root = tree.node();
      if (parser.nextToken() != null) {
        throw new Malformed(tree.line(), "a second document begins here; one file holds one");
      }
      return root;
    } catch (JacksonException e) {
      int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
      throw new Malformed(line, "not YAML: " + firstSentence(e.getOriginalMessage()));
    }
  }

  private YamlNode node() throws Malformed {
    if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
      throw new Malformed(line(), "aliases are not read; write the value out");
    }
    int line = line();
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(line);
      case START_ARRAY -> sequence(line);
      case VALUE_STRING -> new YamlNode.Scalar(line, text(), YamlNode.Scalar.Type.TEXT);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
          new YamlNode.Scalar(line, text(), YamlNode.Scalar.Type.NUMBER);
      case VALUE_TRUE, VALUE_FALSE ->
          new YamlNode.Scalar(line, text(), YamlNode.Scalar.Type.BOOLEAN);
      case VALUE_NULL -> new YamlNode.Scalar(line, "", YamlNode.Scalar.Type.NULL);
      default -> throw new Malformed(line, "not understood");
    };
  }

  private YamlNode mapping(int line) throws Malformed {
    YamlNode.Mapping mapping = new YamlNode.Mapping(line);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = String.valueOf(parser.currentName());
      int keyLine = line();
      parser.nextToken();
      if (mapping.entries().put(key, node()) != null) {
        throw new Malformed(
            keyLine,
            "'"
                + StagePath.printable(key)
                + "' stands here a second time; the first is on line "
                + mapping.keyLines().get(key));
      }
      mapping.keyLines().put(key, keyLine);
    }
    return mapping;
  }

  private YamlNode sequence(int line) throws Malformed {
    List<YamlNode> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(node());
    }
    return new YamlNode.Sequence(line, items);
  }

  private String text() {
    return String.valueOf(parser.getString());
  }

  private int line() {
    return Math.max(1, parser.currentTokenLocation().getLineNr());
  }

  private static String firstSentence(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** The text is not what a pipeline file may be. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;
    private final int line;

    Malformed(int line, String message) {
      super(message);
      this.line = line;
    }

    int line() {
      return line;
    }
  }
}
