package dev.caisson.domain;

/** Hears a cell's output while the cell runs. Called from one thread at a time. */
@FunctionalInterface
public interface OutputListener {
  /** A listener that hears nothing. */
  OutputListener NONE = (stream, text) -> {};

  /**
   * Takes the next piece of output.
   *
   * @param text whole characters; bytes that are not UTF-8 have become U+FFFD
   */
  void output(OutputStreamKind stream, String text);
}
