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

  private static final String[] PATH_PIECES = {
    "/",
    "//",
    "..",
    "/../",
    "%00",
    "%2e%2e",
    "%2F",
    "%ff",
    "%",
    "?limit=-1",
    "?limit=1e9",
    "?page=x",
    "?page=%00",
    "&path=..",
    ";a=b",
    "#x",
    "x",
    "%E2%80%AE",
    "?beta=true",
    "*"
  };

  private static final String[] HEADERS = {
    "content-encoding: gzip",
    "content-type: text/plain",
    "content-type: multipart/form-data",
    "content-type: multipart/form-data; boundary=" + "x".repeat(300),
    "content-length: 3",
    "content-length: 99999999999",
    "content-length: -1",
    "content-length: x",
    "transfer-encoding: chunked",
    "transfer-encoding: gzip, chunked",
    "expect: 100-continue",
    "anthropic-version: ",
    "anthropic-version: yesterday",
    "anthropic-beta: files-api-2025-04-14",
    "anthropic-beta: ,,, ,",
    "anthropic-beta: made-up",
    "x-api-key: wrong",
    "authorization: Bearer",
    "range: bytes=5-2",
    "range: bytes=-0,1-1",
    "accept: text/event-stream",
    "x-large: " + "x".repeat(20_000),
    "no colon",
    ": no name",
    "idempotency-key: \u0001",
    "host: a b"
  };

  private final Random random;

  Mutations(long seed) {
    this.random = new Random(seed);
  }

  /** A mutant of any bytes. */
  byte[] ofBytes(byte[] valid) {
    if (valid.length == 0 || random.nextInt(8) == 0) {
      return valid;
    }
    String text = new String(valid, StandardCharsets.ISO_8859_1);
    return switch (random.nextInt(4)) {
      case 0 -> truncated(valid);
      case 1 -> bytesChanged(valid);
      case 2 -> {
        int from = random.nextInt(valid.length);
        String piece = text.substring(from, from + random.nextInt(valid.length - from));
        int at = random.nextInt(valid.length);
        yield (text.substring(0, at) + piece + text.substring(at))
            .getBytes(StandardCharsets.ISO_8859_1);
      }
      default -> {
        int from = random.nextInt(valid.length);
        int to = Math.min(valid.length, from + 1 + random.nextInt(40));
        yield (text.substring(0, from) + text.substring(to)).getBytes(StandardCharsets.ISO_8859_1);
      }
    };
  }

  /** A mutant of a path and its query. */
  String ofPath(String valid) {
    String piece = PATH_PIECES[random.nextInt(PATH_PIECES.length)];
    int at = 1 + random.nextInt(valid.length());
    return random.nextBoolean()
        ? valid.substring(0, at) + piece + valid.substring(at)
        : valid.substring(0, at) + piece;
  }

  /** A header that nobody needs. */
  String header() {
    return HEADERS[random.nextInt(HEADERS.length)];
  }

  /** A mutant of a JSON text. */
  byte[] of(String valid) {
    return switch (random.nextInt(6)) {
      case 0 -> truncated(valid.getBytes(StandardCharsets.UTF_8));
      case 1 -> bytesChanged(valid.getBytes(StandardCharsets.UTF_8));
      case 2 -> duplicated(valid);
      case 3 -> deepened(valid);
      default -> valueReplaced(valid);
    };
  }

  private byte[] truncated(byte[] bytes) {
    return java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
  }

  private byte[] bytesChanged(byte[] valid) {
    byte[] bytes = valid.clone();
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
