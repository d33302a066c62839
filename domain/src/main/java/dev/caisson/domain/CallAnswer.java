package dev.caisson.domain;

/** What a cell hears of a tool that it has called. */
public sealed interface CallAnswer {
  /** The tool's result: what the call returns. */
  record Returned(String text) implements CallAnswer {}

  /** The tool failed: the call raises {@code RuntimeError} with the message. */
  record Failed(String message) implements CallAnswer {}

  /** Nobody answered in time: the call raises {@code TimeoutError} with the message. */
  record TimedOut(String message) implements CallAnswer {}
}
