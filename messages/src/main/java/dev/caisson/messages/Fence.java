package dev.caisson.messages;

import dev.caisson.domain.Language;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A fenced block of code in a text, as Markdown writes it. */
record Fence(Language language, String code) {
  private static final int MIN_TICKS = 3;

  /** The Python and bash blocks of a text in order; one that is never closed ends with the text. */
  static List<Fence> in(String text) {
    List<Fence> fences = new ArrayList<>();
    int openTicks = 0;
    Optional<Language> language = Optional.empty();
    StringBuilder code = new StringBuilder();
    for (String line : text.split("\n", -1)) {
      String bare = line.strip();
      int ticks = ticks(bare);
      if (openTicks == 0) {
        if (ticks >= MIN_TICKS) {
          openTicks = ticks;
          language = language(bare.substring(ticks).strip());
          code.setLength(0);
        }
      } else if (ticks >= openTicks && bare.length() == ticks) {
        language.ifPresent(known -> fences.add(new Fence(known, code.toString())));
        openTicks = 0;
      } else {
        code.append(line).append('\n');
      }
    }
    if (openTicks > 0) {
      language.ifPresent(known -> fences.add(new Fence(known, code.toString())));
    }
    return fences;
  }

  private static int ticks(String line) {
    int count = 0;
    while (count < line.length() && line.charAt(count) == '`') {
      count++;
    }
    return count;
  }

  private static Optional<Language> language(String word) {
    return switch (word) {
      case "python" -> Optional.of(Language.PYTHON);
      case "bash" -> Optional.of(Language.BASH);
      default -> Optional.empty();
    };
  }
}
