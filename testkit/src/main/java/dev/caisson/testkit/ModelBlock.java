package dev.caisson.testkit;

import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** A block of a rule's step. */
sealed interface ModelBlock {
  /** Adds the block to a reply. */
  void say(ModelReply reply, DevGaps gaps, JsonNode request);

  /** Words. */
  record Text(String text) implements ModelBlock {
    @Override
    public void say(ModelReply reply, DevGaps gaps, JsonNode request) {
      reply.text(gaps.fill(text));
    }
  }

  /** Thoughts, signed as if by a real model. */
  record Thinking(String text) implements ModelBlock {
    @Override
    public void say(ModelReply reply, DevGaps gaps, JsonNode request) {
      reply.block(
          Json.object()
              .put("type", "thinking")
              .put("thinking", gaps.fill(text))
              .put("signature", "ZGV2LW1vZGVs"));
    }
  }

  /** A call of bash. */
  record Bash(String command) implements ModelBlock {
    @Override
    public void say(ModelReply reply, DevGaps gaps, JsonNode request) {
      reply.call("bash_code_execution", Json.object().put("command", gaps.fill(command)));
    }
  }

  /** A call of Python; by way of bash where the request's tool version has no Python. */
  record Python(String code) implements ModelBlock {
    @Override
    public void say(ModelReply reply, DevGaps gaps, JsonNode request) {
      String filled = gaps.fill(code);
      boolean offered =
          request
              .path("tools")
              .valueStream()
              .anyMatch(tool -> tool.path("name").asString("").equals("code_execution"));
      if (offered) {
        reply.call("code_execution", Json.object().put("code", filled));
      } else {
        String command = "python3 - <<'END_OF_CODE'\n" + filled + "\nEND_OF_CODE\n";
        reply.call("bash_code_execution", Json.object().put("command", command));
      }
    }
  }

  /** A call of any tool. */
  record Call(String tool, ObjectNode input) implements ModelBlock {
    @Override
    public void say(ModelReply reply, DevGaps gaps, JsonNode request) {
      reply.call(tool, (ObjectNode) filled(input, gaps));
    }

    private static JsonNode filled(JsonNode node, DevGaps gaps) {
      if (node.isString()) {
        return StringNode.valueOf(gaps.fill(node.stringValue()));
      }
      if (node.isArray()) {
        ArrayNode array = Json.array();
        node.forEach(item -> array.add(filled(item, gaps)));
        return array;
      }
      if (node.isObject()) {
        ObjectNode object = Json.object();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
          object.set(field.getKey(), filled(field.getValue(), gaps));
        }
        return object;
      }
      return node;
    }
  }

  /** Reads a block; it has one of the fields that name a kind. */
  static ModelBlock parse(JsonFields fields) {
    ModelBlock block;
    if (fields.any("text").isPresent()) {
      block = new Text(fields.requiredString("text"));
    } else if (fields.any("thinking").isPresent()) {
      block = new Thinking(fields.requiredString("thinking"));
    } else if (fields.any("bash").isPresent()) {
      block = new Bash(fields.requiredString("bash"));
    } else if (fields.any("python").isPresent()) {
      block = new Python(fields.requiredString("python"));
    } else {
      String tool = fields.requiredString("call");
      JsonNode input = fields.any("input").orElse(Json.object());
      if (!(input instanceof ObjectNode object)) {
        throw JsonFields.invalid(fields.path("input"), "Input should be an object");
      }
      block = new Call(tool, object);
    }
    fields.rejectUnknown();
    return block;
  }
}
