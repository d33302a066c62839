package dev.caisson.cli;

import dev.caisson.domain.ByteSize;

/** How numbers and foreign names look on a terminal. */
final class Sizes {
  private Sizes() {}

  static String human(long bytes) {
    return new ByteSize(bytes).toString();
  }

  /** A name that user code chose, with control and direction characters made visible. */
  static String printable(String name) {
    StringBuilder text = new StringBuilder();
    name.codePoints()
        .forEach(point -> {
          int type = Character.getType(point);
          if (Character.isISOControl(point)
              || type == Character.FORMAT
              || type == Character.SURROGATE
              || type == Character.LINE_SEPARATOR
              || type == Character.PARAGRAPH_SEPARATOR) {
            text.append(String.format("\\u%04x", point));
          } else {
            text.appendCodePoint(point);
          }
        });
    return text.toString();
  }
}
