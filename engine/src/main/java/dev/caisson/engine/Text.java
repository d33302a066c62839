package dev.caisson.engine;

/** Checks of text that comes from outside. */
final class Text {
  private Text() {}

  /** Whether the text holds half of a surrogate pair, which no UTF-8 can express. */
  static boolean hasLoneSurrogate(String text) {
    return text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  /** Whether the text holds a control character, line ends and NUL included. */
  static boolean hasControlCharacter(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }
}
