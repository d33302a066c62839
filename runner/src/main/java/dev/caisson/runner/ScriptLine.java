package dev.caisson.runner;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds in what a script wrote to stderr the line at which it failed. */
final class ScriptLine {
  /** Enough for a traceback of a few frames and its message. */
  private static final int TAIL_LINES = 20;

  private ScriptLine() {}

  /**
   * The last line of the script that stderr names: the innermost frame of a Python traceback that
   * is in the script itself, or bash's {@code script.sh: line 7:}.
   *
   * @param path the script's absolute path inside the container
   */
  static OptionalInt find(String path, String stderr) {
    String quoted = Pattern.quote(path);
    Pattern pattern =
        Pattern.compile(
            "File \"" + quoted + "\", line (\\d{1,9})|^" + quoted + ": line (\\d{1,9}):",
            Pattern.MULTILINE);
    Matcher matcher = pattern.matcher(stderr);
    OptionalInt last = OptionalInt.empty();
    while (matcher.find()) {
      String number = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
      last = OptionalInt.of(Integer.parseInt(number));
    }
    return last;
  }

  static List<String> tail(String stderr) {
    List<String> lines = stderr.stripTrailing().lines().toList();
    return lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size());
  }
}
