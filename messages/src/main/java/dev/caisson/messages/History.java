package dev.caisson.messages;

import dev.caisson.wire.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a conversation as an upstream sees it, to whom code execution is a set of ordinary client
 * tools: a call and its result, which stand in one assistant message of the client, become a {@code
 * tool_use} of the assistant and a {@code tool_result} of the user. Blocks that are not ours pass
 * as they are. The same conversation always gives the same bytes, so that the upstream's prompt
 * cache holds. For one use.
 */
final class History {
  private static final String ASSISTANT = "assistant";
  private static final String USER = "user";

  private final UnaryOperator<String> filenames;
  private final List<Message> written = new ArrayList<>();

  /** Calls without a result so far, and the message that holds each. */
  private final Map<String, Message> open = new LinkedHashMap<>();

  /** Ids of calls that code has made. */
  private final Set<String> ofCode = new HashSet<>();

  private History(UnaryOperator<String> filenames) {
    this.filenames = filenames;
  }

  /**
   * The messages for the upstream.
   *
   * @param reply what the assistant has said so far in this request
   * @param filenames tells the name of a file by its id, for a model to find it
   */
  static ArrayNode forUpstream(
      List<JsonNode> messages, ArrayNode reply, UnaryOperator<String> filenames) {
    History history = new History(filenames);
    messages.forEach(history::add);
    if (!reply.isEmpty()) {
      ObjectNode message = Json.object().put("role", ASSISTANT);
      history.add(message.set("content", reply));
    }
    history.answerWhatIsOpen();
    ArrayNode array = Json.array();
    history.written.forEach(message -> array.add(message.json()));
    return array;
  }

  private void add(JsonNode message) {
    String role = message.path("role").asString();
    JsonNode content = message.path("content");
    if (!content.isArray()) {
      Message target = target(role, message);
      target.addText(content);
      return;
    }
    if (content.isEmpty()) {
      target(role, message);
    }
    boolean first = true;
    for (JsonNode block : content) {
      if (ResultBlocks.isResult(block)) {
        addResult(block);
      } else if (!isBesideTheModel(block)) {
        Message target = first || !last().role.equals(role) ? target(role, message) : last();
        target.blocks.add(translate(block, target));
        first = false;
      }
    }
  }

  /** Tools that code has called, and their results, are for the code alone. */
  private boolean isBesideTheModel(JsonNode block) {
    if (CodeResults.isCallOfCode(block)) {
      ofCode.add(block.path("id").asStringOpt().orElse(""));
      return true;
    }
    return ResultBlocks.type(block).equals("tool_result")
        && ofCode.contains(block.path("tool_use_id").asStringOpt().orElse(""));
  }

  /** A message to write to: a new one, or the results that we made a user message of. */
  private Message target(String role, JsonNode original) {
    if (!written.isEmpty() && last().made && last().role.equals(role)) {
      last().made = false;
      return last();
    }
    Message message = new Message(role, original);
    written.add(message);
    return message;
  }

  private JsonNode translate(JsonNode block, Message target) {
    if (ResultBlocks.isCall(block)) {
      ToolCall call = ToolCall.of(block);
      open.put(call.id(), target);
      ObjectNode use =
          Json.object()
              .put("type", "tool_use")
              .put("id", ToolIds.upstream(call.id()))
              .put("name", call.name());
      use.set("input", call.input());
      return withCacheControl(use, block);
    }
    if (target.role.equals(USER) && ResultBlocks.type(block).equals("container_upload")) {
      String id = block.path("file_id").asString();
      ObjectNode text =
          Json.object()
              .put("type", "text")
              .put("text", "[File mounted in the container: " + filenames.apply(id) + "]");
      return withCacheControl(text, block);
    }
    if (ResultBlocks.type(block).equals("tool_use") && block.has("caller")) {
      return ((ObjectNode) block.deepCopy()).without("caller");
    }
    return block;
  }

  private void addResult(JsonNode block) {
    String id = block.path("tool_use_id").asStringOpt().orElse("");
    open.remove(id);
    ObjectNode result = ResultText.toolResult(ToolIds.upstream(id), block.path("content"));
    answers().addResult(withCacheControl(result, block));
  }

  /** The user message that answers what the assistant has called. */
  private Message answers() {
    if (!written.isEmpty() && last().role.equals(USER)) {
      return last();
    }
    return madeAfter(written.size());
  }

  private Message madeAfter(int index) {
    Message message = new Message(USER, Json.object().put("role", USER));
    message.made = true;
    written.add(index, message);
    return message;
  }

  /** An upstream takes no call without a result; a reply cut short can leave one. */
  private void answerWhatIsOpen() {
    open.forEach((id, message) -> {
      int next = written.indexOf(message) + 1;
      Message answers =
          next < written.size() && written.get(next).role.equals(USER)
              ? written.get(next)
              : madeAfter(next);
      answers.addResult(ResultText.notRun(ToolIds.upstream(id)));
    });
  }

  private Message last() {
    return written.getLast();
  }

  private static ObjectNode withCacheControl(ObjectNode made, JsonNode original) {
    JsonNode cacheControl = original.path("cache_control");
    return cacheControl.isObject() ? made.set("cache_control", cacheControl) : made;
  }

  /** A message being written. */
  private static final class Message {
    private final String role;
    private final JsonNode original;
    private final List<JsonNode> blocks = new ArrayList<>();
    private boolean made;

    Message(String role, JsonNode original) {
      this.role = role;
      this.original = original;
    }

    void addText(JsonNode text) {
      blocks.add(Json.object().put("type", "text").put("text", text.asString()));
    }

    /** Results come before all else in a message. */
    void addResult(JsonNode result) {
      int at = 0;
      while (at < blocks.size() && ResultBlocks.type(blocks.get(at)).equals("tool_result")) {
        at++;
      }
      blocks.add(at, result);
    }

    ObjectNode json() {
      ObjectNode json = ((ObjectNode) original).deepCopy();
      boolean untouchedText = original.path("content").isString() && blocks.size() == 1;
      if (!untouchedText) {
        ArrayNode content = json.putArray("content");
        blocks.forEach(content::add);
      }
      return json;
    }
  }
}
