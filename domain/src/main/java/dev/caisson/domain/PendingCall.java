package dev.caisson.domain;

/**
 * A call of a client's tool that a cell waits for.
 *
 * @param id {@code toolu_...}; no other call of any cell has it
 * @param name of the tool
 * @param input as the code wrote it: meant to be a JSON object, and checked by nobody yet
 */
public record PendingCall(String id, String name, String input) {}
