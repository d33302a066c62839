package dev.caisson.testkit;

import dev.caisson.wire.Json;
import tools.jackson.databind.JsonNode;

/**
 * Where a conversation stands.
 *
 * @param prompt the latest words of the user
 * @param step how often the model has answered them with calls that have been run
 * @param result text of the latest results
 */
record DevTurn(String prompt, int step, String result) {
  static DevTurn of(JsonNode messages) {
    int step = 0;
    String result = "";
    for (int i = messages.size() - 1; i >= 0; i--) {
      JsonNode message = messages.get(i);
      if (!message.path("role").asString("").equals("user")) {
        continue;
      }
      String results = results(message.path("content"));
      String words = words(message.path("content"));
      if (!results.isEmpty()) {
        step++;
        result = result.isEmpty() ? results : result;
      }
      if (!words.isEmpty()) {
        return new DevTurn(words, step, result);
      }
    }
    return new DevTurn("", step, result);
  }

  private static String words(JsonNode content) {
    if (content.isString()) {
      return content.stringValue();
    }
    StringBuilder words = new StringBuilder();
    for (JsonNode block : content) {
      if (block.path("type").asString("").equals("text")) {
        words.append(words.isEmpty() ? "" : "\n").append(block.path("text").asString(""));
      }
    }
    return words.toString();
  }

  private static String results(JsonNode content) {
    StringBuilder results = new StringBuilder();
    for (JsonNode block : content) {
      if (block.path("type").asString("").equals("tool_result")) {
        JsonNode text = block.path("content");
        results
            .append(results.isEmpty() ? "" : "\n")
            .append(text.isString() ? text.stringValue() : Json.write(text));
      }
    }
    return results.toString();
  }
}
