package dev.caisson.messages;

import dev.caisson.wire.Json;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * About how many tokens a request has, where there is nobody to count them. It counts what a model
 * reads: system prompt, tools, messages.
 */
final class TokenEstimate {
  /** Near enough for English and code where no tokenizer is at hand. */
  private static final int CHARS_PER_TOKEN = 4;

  /** What the largest image comes to that a hosted model does not scale down. */
  private static final long IMAGE_TOKENS = 1600;

  /** A page of a PDF takes some 50 KB, of which base64 makes four thirds, and 2,000 tokens. */
  private static final int PDF_CHARS_PER_PAGE = 66_000;

  private static final long PAGE_TOKENS = 2000;

  private TokenEstimate() {}

  static long of(JsonNode request) {
    long tokens = 0;
    for (String field : new String[] {"system", "tools", "messages"}) {
      tokens += content(request.path(field));
    }
    return Math.max(1, tokens);
  }

  /** Of any piece of JSON. */
  static long content(JsonNode node) {
    long[] tokens = {0};
    long chars = chars(node, tokens);
    return tokens[0] + Math.ceilDiv(chars, CHARS_PER_TOKEN);
  }

  private static long chars(JsonNode node, long[] tokens) {
    if (node.path("type").asStringOpt().orElse("").equals("base64") && node.has("data")) {
      long size = node.path("data").asString().length();
      boolean image = node.path("media_type").asString().startsWith("image/");
      tokens[0] += image ? IMAGE_TOKENS : Math.ceilDiv(size, PDF_CHARS_PER_PAGE) * PAGE_TOKENS;
      return 0;
    }
    long chars = 0;
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        chars += field.getKey().length() + 4 + chars(field.getValue(), tokens);
      }
      return chars + 2;
    }
    if (node.isArray()) {
      for (JsonNode element : node) {
        chars += chars(element, tokens) + 1;
      }
      return chars + 2;
    }
    return node.isMissingNode()
        ? 0
        : node.isString() ? node.stringValue().length() : Json.write(node).length();
  }
}
