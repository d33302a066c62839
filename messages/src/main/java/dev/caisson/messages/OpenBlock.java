package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A block that is being written: each piece goes out as it comes, and the whole is put together for
 * whoever needs it afterwards. For one thread.
 */
final class OpenBlock {
  private final ReplySink sink;
  private final ArrayNode content;
  private final int index;
  private final Map<String, StringBuilder> texts = new LinkedHashMap<>();
  private final StringBuilder input = new StringBuilder();

  /**
   * @param content of the reply, with the block as it began at the index
   */
  OpenBlock(ReplySink sink, ArrayNode content, int index) {
    this.sink = sink;
    this.content = content;
    this.index = index;
  }

  /** The block's place in our reply. */
  int index() {
    return index;
  }

  void delta(JsonNode delta) {
    sink.send(BlockEvents.delta(index, delta));
    if (content.get(index) instanceof ObjectNode block && delta instanceof ObjectNode fields) {
      add(block, fields);
    }
  }

  /** Ends the block and gives the whole of it. */
  JsonNode close() {
    if (content.get(index) instanceof ObjectNode block) {
      texts.forEach((field, text) -> block.put(field, text.toString()));
      if (!input.isEmpty()) {
        parsedInput().ifPresent(parsed -> block.set("input", parsed));
      }
    }
    sink.send(BlockEvents.stop(index));
    return content.get(index);
  }

  private void add(ObjectNode block, ObjectNode delta) {
    switch (ResultBlocks.type(delta)) {
      case "input_json_delta" -> input.append(delta.path("partial_json").asStringOpt().orElse(""));
      case "citations_delta" -> {
        ArrayNode citations =
            block.get("citations") instanceof ArrayNode there ? there : block.putArray("citations");
        citations.add(delta.path("citation"));
      }
      default -> delta.properties().forEach(field -> append(block, field));
    }
  }

  /** Text, thinking, signatures, and whatever there will be: pieces of text follow each other. */
  private void append(ObjectNode block, Map.Entry<String, JsonNode> field) {
    String name = field.getKey();
    if (name.equals("type")) {
      return;
    }
    if (field.getValue().isString()) {
      texts
          .computeIfAbsent(name, _ -> new StringBuilder(block.path(name).asStringOpt().orElse("")))
          .append(field.getValue().stringValue());
    } else {
      block.set(name, field.getValue());
    }
  }

  /** A model can end in the middle of an input, or write what is no JSON. */
  private Optional<JsonNode> parsedInput() {
    try {
      return Optional.of(Json.parse(input.toString(), "input")).filter(JsonNode::isObject);
    } catch (CaissonException.InvalidRequest e) {
      return Optional.empty();
    }
  }
}
