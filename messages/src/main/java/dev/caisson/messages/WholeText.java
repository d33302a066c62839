package dev.caisson.messages;

import dev.caisson.wire.JsonFields;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Checks that every text of a tree can be written as UTF-8: JSON can spell lone surrogates. */
final class WholeText {
  private WholeText() {}

  static void check(JsonNode node, String path) {
    if (node.isString()) {
      JsonFields.checkUnicode(node.stringValue(), path);
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        check(node.get(i), join(path, Integer.toString(i)));
      }
    } else if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        JsonFields.checkUnicode(field.getKey(), path.isEmpty() ? "request body" : path);
        check(field.getValue(), join(path, field.getKey()));
      }
    }
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
