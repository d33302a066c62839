package dev.caisson.testkit;

import dev.caisson.domain.Language;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One hostile program and what is to become of it, read from a file of its own: comment lines at
 * its top, then the program.
 *
 * @param name of the file without its ending
 * @param sentence what it tries
 * @param program what is run, the words that all attacks share before it
 * @param expected ends that are right where sandboxes are opened by root
 * @param expectedRootless ends that are right where an ordinary user opens them, without control
 *     groups
 * @param says what the reason or stderr must name, so that a reader knows what happened; may be
 *     empty
 * @param resource whether it takes what others need: neighbours are timed meanwhile
 * @param quick whether it is in the build's subset: {@code no}, {@code yes}, or {@code root} for
 *     what is the same rootless
 * @param plants when the host is led to what it left: {@code no}, {@code after} or {@code during}
 * @param uploads a file that it made and that is then sent to the server; empty for none
 * @param seconds the limit of its cell
 */
record Attack(
    String name,
    String sentence,
    Language language,
    String program,
    List<Ending> expected,
    List<Ending> expectedRootless,
    String says,
    boolean resource,
    String quick,
    String plants,
    String uploads,
    int seconds) {
  private static final Map<String, String> KEYS =
      Map.of(
          "expect", "held",
          "rootless", "",
          "says", "",
          "resource", "no",
          "quick", "yes",
          "plants", "no",
          "uploads", "",
          "seconds", "10");

  /**
   * How the cell of an attack may end.
   *
   * @param status the word of the API, or {@code held}: completed with 0, every attempt refused
   * @param detail the return code or the reason; empty for any
   */
  record Ending(String status, String detail) {
    static Ending parse(String text) {
      String[] words = text.strip().split(" ", 2);
      if (!List.of("held", "completed", "killed", "timed_out", "lost").contains(words[0])) {
        throw new IllegalArgumentException("no ending: " + text);
      }
      return new Ending(words[0], words.length > 1 ? words[1] : "");
    }

    @Override
    public String toString() {
      return detail.isEmpty() ? status : status + " " + detail;
    }
  }

  /** Reads a file; throws IllegalArgumentException that names it when its head is wrong. */
  static Attack parse(String file, String text, Map<Language, String> shared) {
    try {
      String name = file.substring(0, file.lastIndexOf('.'));
      Language language = file.endsWith(".py") ? Language.PYTHON : Language.BASH;
      List<String> sentence = new ArrayList<>();
      Map<String, String> head = new TreeMap<>(KEYS);
      for (String line : text.lines().takeWhile(line -> line.startsWith("# ")).toList()) {
        String[] pair = line.substring(2).split(": ", 2);
        if (pair.length == 2 && pair[0].matches("[a-z]+")) {
          if (head.put(pair[0], pair[1].strip()) == null) {
            throw new IllegalArgumentException("unknown: " + pair[0]);
          }
        } else {
          sentence.add(line.substring(2));
        }
      }
      if (sentence.isEmpty()) {
        throw new IllegalArgumentException("no sentence");
      }
      List<Ending> expected = endings(head.get("expect"));
      return new Attack(
          name,
          String.join(" ", sentence),
          language,
          shared.get(language) + text,
          expected,
          String.valueOf(head.get("rootless")).isEmpty() ? expected : endings(head.get("rootless")),
          String.valueOf(head.get("says")),
          yes(head.get("resource")),
          String.valueOf(head.get("quick")),
          String.valueOf(head.get("plants")),
          String.valueOf(head.get("uploads")),
          Integer.parseInt(String.valueOf(head.get("seconds"))));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("attack " + file + ": " + e.getMessage(), e);
    }
  }

  private static List<Ending> endings(@org.jspecify.annotations.Nullable String text) {
    return List.of(String.valueOf(text).split(" or ")).stream().map(Ending::parse).toList();
  }

  private static boolean yes(@org.jspecify.annotations.Nullable String word) {
    return "yes".equals(word);
  }

  boolean isQuick(boolean rootless) {
    return quick.equals("yes") || (quick.equals("root") && !rootless);
  }

  List<Ending> expected(boolean rootless) {
    return rootless ? expectedRootless : expected;
  }

  String expectedText(boolean rootless) {
    return expected(rootless).stream().map(Ending::toString).collect(Collectors.joining(" or "));
  }

  /** The word of the API for its language. */
  String languageWord() {
    return language.name().toLowerCase(Locale.ROOT);
  }
}
