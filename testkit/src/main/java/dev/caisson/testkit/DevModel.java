package dev.caisson.testkit;

import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model by rules: the first rule whose pattern is found in the latest words of the user answers,
 * with its first step; when the tools that a step calls have been run, with its next. Safe for use
 * from many threads.
 */
public final class DevModel implements Function<JsonNode, ObjectNode> {
  private static final String NAME = "dev-model";

  /** Near enough for English and code. */
  private static final int CHARS_PER_TOKEN = 4;

  private final List<Rule> rules;

  private DevModel(List<Rule> rules) {
    this.rules = List.copyOf(rules);
  }

  /** A rule; each step is a reply of the model. */
  private record Rule(Pattern when, List<List<ModelBlock>> steps) {}

  /**
   * Reads a file of rules, as {@code docs/dev-model.md} describes it; throws InvalidRequest with
   * the path of what is wrong.
   */
  public static DevModel parse(byte[] json) {
    JsonFields file = JsonFields.of(Json.parse(json, "rules file"), "");
    List<JsonNode> given = file.array("rules");
    file.rejectUnknown();
    if (given.isEmpty()) {
      throw JsonFields.invalid("rules", "at least one rule is required");
    }
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      rules.add(rule(JsonFields.of(given.get(i), "rules." + i)));
    }
    return new DevModel(rules);
  }

  private static Rule rule(JsonFields rule) {
    String pattern = rule.string("when").orElse("");
    List<JsonNode> given = rule.array("steps");
    rule.rejectUnknown();
    if (given.isEmpty()) {
      throw JsonFields.invalid(rule.path("steps"), "at least one step is required");
    }
    List<List<ModelBlock>> steps = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      String path = rule.path("steps") + "." + i;
      if (!given.get(i).isArray()) {
        throw JsonFields.invalid(path, "Input should be a list of blocks");
      }
      List<ModelBlock> blocks = new ArrayList<>();
      for (int j = 0; j < given.get(i).size(); j++) {
        blocks.add(ModelBlock.parse(JsonFields.of(given.get(i).get(j), path + "." + j)));
      }
      steps.add(List.copyOf(blocks));
    }
    try {
      return new Rule(
          Pattern.compile(pattern, Pattern.DOTALL | Pattern.CASE_INSENSITIVE), List.copyOf(steps));
    } catch (PatternSyntaxException e) {
      throw JsonFields.invalid(
          rule.path("when"), "not a regular expression: " + e.getDescription());
    }
  }

  /** The reply to a request. */
  @Override
  public ObjectNode apply(JsonNode request) {
    DevTurn turn = DevTurn.of(request.path("messages"));
    ModelReply reply = ModelReply.of();
    for (Rule rule : rules) {
      Matcher found = rule.when().matcher(turn.prompt());
      if (found.find()) {
        if (turn.step() < rule.steps().size()) {
          rule.steps()
              .get(turn.step())
              .forEach(block -> block.say(reply, new DevGaps(turn, found), request));
        } else {
          reply
              .text("The rule has no step " + (turn.step() + 1) + "; the last result was:\n")
              .text(turn.result());
        }
        return counted(request, reply.build());
      }
    }
    return counted(request, reply.text("No rule fits.").build());
  }

  /** The answer to {@code GET /v1/models}. */
  ObjectNode models() {
    ObjectNode list = Json.object();
    list.putArray("data")
        .addObject()
        .put("type", "model")
        .put("id", NAME)
        .put("display_name", "Model by rules")
        .put("created_at", "2026-01-01T00:00:00Z");
    return list.put("has_more", false).put("first_id", NAME).put("last_id", NAME);
  }

  /** The answer to a request to count its tokens. */
  ObjectNode count(JsonNode request) {
    return Json.object().put("input_tokens", tokens(request));
  }

  private static ObjectNode counted(JsonNode request, ObjectNode message) {
    message
        .putObject("usage")
        .put("input_tokens", tokens(request))
        .put("output_tokens", tokens(message.path("content")));
    return message.put("model", request.path("model").asString());
  }

  private static int tokens(JsonNode json) {
    return Math.ceilDiv(Json.write(json).length(), CHARS_PER_TOKEN);
  }
}
