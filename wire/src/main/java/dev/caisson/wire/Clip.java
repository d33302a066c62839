package dev.caisson.wire;

/**
 * Shortens a client's text before it goes into a message, and takes out what could break a line.
 */
public final class Clip {
  /** An id, a name or a word: enough to recognise it. */
  public static final int WORD = 100;

  private Clip() {}

  /** At most {@code maxChars} characters, control characters replaced. */
  public static String to(String text, int maxChars) {
    StringBuilder kept = new StringBuilder(Math.min(text.length(), maxChars + 1));
    for (int i = 0; i < text.length() && kept.length() < maxChars; i++) {
      char c = text.charAt(i);
      kept.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '\uFFFD' : c);
    }
    return text.length() > maxChars ? kept.append('\u2026').toString() : kept.toString();
  }

  /** A clipped {@link #WORD}. */
  public static String word(String text) {
    return to(text, WORD);
  }
}
