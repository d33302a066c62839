package dev.caisson.messages;

import tools.jackson.databind.JsonNode;

/**
 * A call of one of our tools.
 *
 * @param id as the client sees it: {@code srvtoolu_...}
 * @param name of the sub-tool
 * @param input as the model wrote it, right or wrong
 */
record ToolCall(String id, String name, JsonNode input) {
  /** The call that a block of a client's history stands for. */
  static ToolCall of(JsonNode block) {
    return new ToolCall(
        block.path("id").asStringOpt().orElse(""),
        block.path("name").asStringOpt().orElse(""),
        block.path("input"));
  }
}
