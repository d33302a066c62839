package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One reply of the upstream while it is read: its blocks are written on as they come, with the
 * calls of our tools as the client is to see them. It comes whole or as events. For one thread.
 */
final class UpstreamReply {
  private final MessageRequest request;
  private final ToolIds ids;
  private final ReplyWriter writer;
  private final List<ToolCall> calls = new ArrayList<>();
  private final Map<Long, Begun> open = new LinkedHashMap<>();
  private final ObjectNode usage = Json.object();
  private ObjectNode ending = Reply.ending(Json.object());
  private boolean begun;
  private boolean callsClient;
  private boolean stopped;

  UpstreamReply(MessageRequest request, ToolIds ids, ReplyWriter writer) {
    this.request = request;
    this.ids = ids;
    this.writer = writer;
  }

  /**
   * A block that has begun.
   *
   * @param isCall of one of our tools
   */
  private record Begun(OpenBlock block, boolean isCall) {}

  /** The calls of our tools, in order. */
  List<ToolCall> calls() {
    return calls;
  }

  /** Whether a tool of the client is called. */
  boolean callsClient() {
    return callsClient;
  }

  JsonNode usage() {
    return usage;
  }

  /** Its end, as the end of our reply if it was the last one. */
  ObjectNode ending() {
    return ending;
  }

  /** Its end with another reason to stop. */
  ObjectNode ending(String stopReason) {
    ((ObjectNode) ending.get("delta")).put("stop_reason", stopReason);
    return ending;
  }

  /** Some upstreams say {@code end_turn}, or nothing, beside a call. */
  boolean wantsResults() {
    JsonNode reason = ending.path("delta").path("stop_reason");
    return !calls.isEmpty()
        && (!reason.isString()
            || reason.stringValue().equals("tool_use")
            || reason.stringValue().equals("end_turn"));
  }

  /** Takes a reply that came whole. */
  void message(JsonNode message) {
    if (!(message instanceof ObjectNode whole)) {
      throw UpstreamFailure.unreadable("the reply is not an object");
    }
    if (!whole.path("content").isArray()) {
      throw UpstreamFailure.unreadable("the reply has no list of content blocks");
    }
    writer.start(Reply.start(whole, request.model()));
    whole.get("content").forEach(this::block);
    merge(usage, whole.path("usage"));
    ending = Reply.ending(whole);
    stopped = true;
  }

  /** Takes an event; throws Upstream when it is an error, or has no place here. */
  void event(JsonNode event) {
    if (!(event instanceof ObjectNode object)) {
      throw UpstreamFailure.unreadable("an event is not an object");
    }
    switch (ResultBlocks.type(object)) {
      case "message_start" -> begin(object);
      case "content_block_start" -> begin(index(object), object.path("content_block"));
      case "content_block_delta" -> openBlock(object).block().delta(object.path("delta"));
      case "content_block_stop" -> {
        end(openBlock(object));
        open.remove(index(object));
      }
      case "message_delta" -> {
        requireBegun();
        addToEnding(object);
      }
      case "message_stop" -> {
        requireBegun();
        stopped = true;
      }
      // Each of two connections keeps itself alive.
      case "ping" -> {}
      case "error" -> throw failure(object);
      default -> pass(object);
    }
  }

  /** Passes on an event that we do not know; what it says of a block it says of ours. */
  private void pass(ObjectNode event) {
    Begun block = open.get(index(event));
    if (block != null) {
      event.put("index", block.block().index());
    }
    writer.pass(event);
  }

  /** Whether nothing more is to come. */
  boolean isStopped() {
    return stopped;
  }

  /** Checks, when nothing more comes, that all is there. */
  void finish() {
    boolean saidWhy = ending.path("delta").path("stop_reason").isString();
    if (!stopped && !saidWhy) {
      throw UpstreamFailure.broken("the reply ended before it was complete");
    }
    open.values().forEach(this::end);
    open.clear();
  }

  private void begin(ObjectNode event) {
    if (begun) {
      throw UpstreamFailure.unreadable("a second message_start");
    }
    if (!(event.path("message") instanceof ObjectNode message)) {
      throw UpstreamFailure.unreadable("message_start without a message");
    }
    begun = true;
    merge(usage, message.path("usage"));
    writer.start(Reply.start(message, request.model()));
    message.path("content").forEach(this::block);
  }

  private void begin(long index, JsonNode block) {
    requireBegun();
    if (open.containsKey(index)) {
      throw UpstreamFailure.unreadable("a block began twice");
    }
    boolean isCall = isCall(block);
    open.put(index, new Begun(writer.open(shown(block, isCall)), isCall));
  }

  private void end(Begun ended) {
    JsonNode block = ended.block().close();
    if (ended.isCall()) {
      calls.add(ToolCall.of(block));
    }
  }

  /** A block that is there as a whole. */
  private void block(JsonNode block) {
    boolean isCall = isCall(block);
    JsonNode shown = shown(block, isCall);
    writer.block(shown);
    if (isCall) {
      calls.add(ToolCall.of(shown));
    }
  }

  private void requireBegun() {
    if (!begun) {
      throw UpstreamFailure.unreadable("an event before message_start");
    }
  }

  private static long index(ObjectNode event) {
    return event.path("index").asLong(-1);
  }

  private Begun openBlock(ObjectNode event) {
    Begun block = open.get(index(event));
    if (block == null) {
      throw UpstreamFailure.unreadable(
          ResultBlocks.type(event) + " of a block that has not begun, or has ended");
    }
    return block;
  }

  private void addToEnding(ObjectNode event) {
    merge(usage, event.path("usage"));
    ObjectNode delta = (ObjectNode) ending.get("delta");
    if (event.path("delta") instanceof ObjectNode more) {
      more.remove("container");
      delta.setAll(more);
    }
    event.remove(List.of("usage", "delta"));
    ending.setAll(event);
  }

  /** Whether a block calls one of our tools; throws Upstream when it is no block at all. */
  private boolean isCall(JsonNode block) {
    if (!block.isObject()) {
      throw UpstreamFailure.unreadable("a content block is not an object");
    }
    return request.tool().isPresent()
        && ResultBlocks.type(block).equals("tool_use")
        && SubTool.NAMES.contains(block.path("name").asStringOpt().orElse(""));
  }

  /** A block as the client is to see it. */
  private JsonNode shown(JsonNode block, boolean isCall) {
    if (!isCall) {
      callsClient |= ResultBlocks.type(block).equals("tool_use");
      return Reply.clientBlock(block);
    }
    String id = ids.client(block.path("id").asStringOpt().orElse(""));
    JsonNode input = block.path("input").isObject() ? block.get("input") : Json.object();
    return ResultBlocks.call(new ToolCall(id, block.path("name").asStringOpt().orElse(""), input));
  }

  /** Numbers of a stream are totals so far: the latest counts. */
  private static void merge(ObjectNode usage, JsonNode more) {
    for (Map.Entry<String, JsonNode> field : more.properties()) {
      if (!field.getValue().isNull() || !usage.has(field.getKey())) {
        usage.set(field.getKey(), field.getValue());
      }
    }
  }

  private static CaissonException failure(ObjectNode event) {
    JsonNode error = event.path("error");
    int status = ErrorJson.status(error.path("type").asStringOpt().orElse(""));
    return UpstreamFailure.told(
        status,
        error.path("message").asStringOpt().orElse("an error without a message"),
        Optional.empty());
  }
}
