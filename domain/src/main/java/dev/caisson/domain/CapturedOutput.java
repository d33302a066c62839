package dev.caisson.domain;

/**
 * What was kept of one output stream of a cell.
 *
 * @param text head and tail, with a line between them that says what was dropped
 * @param droppedBytes bytes that are not in {@code text}; 0 when it is whole
 */
public record CapturedOutput(String text, long droppedBytes) {
  public static final CapturedOutput EMPTY = new CapturedOutput("", 0);
}
