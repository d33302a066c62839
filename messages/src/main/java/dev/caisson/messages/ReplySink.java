package dev.caisson.messages;

import tools.jackson.databind.node.ObjectNode;

/**
 * Takes a reply event by event, in the order and the form of the Messages API's stream: {@code
 * message_start}, the blocks, {@code message_delta}, {@code message_stop}. Called by one thread.
 */
@FunctionalInterface
public interface ReplySink {
  /**
   * Takes an event; its {@code type} is its name. May block, which holds back the upstream as well.
   */
  void send(ObjectNode event);
}
