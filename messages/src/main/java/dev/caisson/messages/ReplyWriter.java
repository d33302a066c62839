package dev.caisson.messages;

import dev.caisson.domain.Container;
import dev.caisson.wire.Json;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the one reply to a request, however many replies of an upstream it is made of. What is
 * written goes out as an event at once, and is kept: for the model to read in the next iteration,
 * and as the whole message, which is what a plain request is answered with. For one thread.
 */
final class ReplyWriter {
  private final ReplySink sink;
  private final boolean streamed;
  private final ArrayNode content = Json.array();
  private @Nullable ObjectNode message;
  private RequestedSkills skills = RequestedSkills.NONE;

  /** For a reply that nobody reads before its end. */
  ReplyWriter() {
    this.sink = event -> {};
    this.streamed = false;
  }

  /** For a reply that is read while it is written. */
  ReplyWriter(ReplySink sink) {
    this.sink = sink;
    this.streamed = true;
  }

  /** Notes the skills that stand in the container. */
  void mounted(RequestedSkills mounted) {
    skills = mounted;
  }

  /** Whether a client reads the reply while it is written. */
  boolean isStreamed() {
    return streamed;
  }

  /** The blocks so far. */
  ArrayNode content() {
    return content;
  }

  /**
   * Begins the reply; does nothing when it has begun, as there is one beginning however often the
   * model is asked.
   *
   * @param skeleton a message without content, of {@link Reply}
   */
  void start(ObjectNode skeleton) {
    if (message != null) {
      return;
    }
    message = skeleton;
    if (streamed) {
      ObjectNode event = Json.object().put("type", "message_start");
      sink.send(event.set("message", skeleton));
    }
  }

  /** Begins a block that comes in pieces. */
  OpenBlock open(JsonNode block) {
    requireBegun();
    int index = content.size();
    content.add(block);
    sink.send(BlockEvents.start(index, block));
    return new OpenBlock(sink, content, index);
  }

  /** Writes a block that is there as a whole. */
  void block(JsonNode block) {
    requireBegun();
    if (streamed) {
      BlockEvents.of(content.size(), block).forEach(sink::send);
    }
    content.add(block);
  }

  /** Passes on an event that we do not know. */
  void pass(ObjectNode event) {
    if (message != null) {
      sink.send(event);
    }
  }

  /**
   * Ends the reply and gives all of it.
   *
   * @param ending a {@code message_delta} without usage
   * @param usage the total; streamed numbers are cumulative
   */
  ObjectNode end(ObjectNode ending, Usage usage, Optional<Container> container) {
    ObjectNode whole = requireBegun().deepCopy();
    ObjectNode delta = (ObjectNode) ending.get("delta");
    container.ifPresent(used -> delta.set("container", Reply.container(used, skills)));
    ObjectNode total = usage.json();
    if (streamed) {
      sink.send(ending.set("usage", total));
      sink.send(Json.object().put("type", "message_stop"));
    }
    whole.set("content", content);
    for (Map.Entry<String, JsonNode> field : ending.properties()) {
      if (!field.getKey().equals("type") && !field.getKey().equals("delta")) {
        whole.set(field.getKey(), field.getValue());
      }
    }
    whole.setAll(delta);
    return whole.set("usage", total);
  }

  private ObjectNode requireBegun() {
    if (message == null) {
      throw new IllegalStateException("the reply has not begun");
    }
    return message;
  }
}
