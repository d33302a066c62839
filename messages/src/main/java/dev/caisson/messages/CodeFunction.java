package dev.caisson.messages;

import tools.jackson.databind.node.ObjectNode;

/**
 * A tool of the client that code may call.
 *
 * @param index in {@code tools}
 * @param direct whether the model may call it as well
 * @param definition as the client wrote it
 */
record CodeFunction(int index, String name, boolean direct, ObjectNode definition) {}
