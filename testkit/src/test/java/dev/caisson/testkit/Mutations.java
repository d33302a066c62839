package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes valid requests wrong in ways that clients, proxies and attackers do; seeded. */
final class Mutations {
  private static final String[] VALUES = {
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "9999999999999999999999",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "{\"type\":\"text\"}",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[null]",
    "1.5",
    "\"../../etc/passwd\"",
    "\"container_x\"",
    "\"file_x\"",
    "{\"id\":{}}"
  };

  private final Random random;

  Mutations(long seed) {
    this.random = new Random(seed);
  }

  /** A mutant of a JSON text. */
  byte[] of(String valid) {
    return switch (random.nextInt(6)) {
      case 0 -> truncated(valid);
      case 1 -> bytesChanged(valid);
      case 2 -> duplicated(valid);
      case 3 -> deepened(valid);
      default -> valueReplaced(valid);
    };
  }

  private byte[] truncated(String valid) {
    byte[] bytes = valid.getBytes(StandardCharsets.UTF_8);
    return java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
  }

  private byte[] bytesChanged(String valid) {
    byte[] bytes = valid.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i <= random.nextInt(4); i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  private byte[] duplicated(String valid) {
    int brace = valid.indexOf('{');
    String first = valid.substring(brace + 1, valid.indexOf(',', brace) + 1);
    return (valid.substring(0, brace + 1) + first + valid.substring(brace + 1))
        .getBytes(StandardCharsets.UTF_8);
  }

  private byte[] deepened(String valid) {
    int depth = 1 + random.nextInt(400);
    String deep = "[".repeat(depth) + "1" + "]".repeat(depth);
    return replace(valid, deep);
  }

  private byte[] valueReplaced(String valid) {
    return replace(valid, VALUES[random.nextInt(VALUES.length)]);
  }

  /** Puts a raw text where a value stands, or takes the value away. */
  private byte[] replace(String valid, String raw) {
    JsonNode tree = Json.parse(valid, "valid");
    List<Runnable> places = new ArrayList<>();
    String mark = "@@mark@@";
    places(tree, mark, places);
    places.get(random.nextInt(places.size())).run();
    return Json.write(tree).replace("\"" + mark + "\"", raw).getBytes(StandardCharsets.UTF_8);
  }

  private static void places(JsonNode node, String mark, List<Runnable> places) {
    if (node instanceof ObjectNode object) {
      for (String name : List.copyOf(object.propertyNames())) {
        places.add(() -> object.put(name, mark));
        places.add(() -> object.remove(name));
        places.add(() -> object.put(name + "x", mark));
        places(object.get(name), mark, places);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        int index = i;
        places.add(() -> array.set(index, mark));
        places(array.get(i), mark, places);
      }
    }
  }
}
