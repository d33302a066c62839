package dev.caisson.messages;

import java.util.ArrayList;
import java.util.List;

/**
 * A text as lines. A final newline ends the last line, so {@code a\nb\nc\n} has three; only {@code
 * \n} ends a line.
 */
final class FileLines {
  private final List<String> lines;
  private final boolean endsWithNewline;

  private FileLines(List<String> lines, boolean endsWithNewline) {
    this.lines = lines;
    this.endsWithNewline = endsWithNewline;
  }

  static FileLines of(String text) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      lines.add(text.substring(start, end));
      start = end + 1;
    }
    boolean endsWithNewline = start == text.length() && start > 0;
    if (start < text.length()) {
      lines.add(text.substring(start));
    }
    return new FileLines(lines, endsWithNewline);
  }

  int count() {
    return lines.size();
  }

  /** A line without its newline, counted from 0. */
  String line(int index) {
    return lines.get(index);
  }

  /** The text from one line to another, both counted from 1 and included. */
  String between(int first, int last) {
    if (last < first) {
      return "";
    }
    String text = String.join("\n", lines.subList(first - 1, last));
    return last < lines.size() || endsWithNewline ? text + "\n" : text;
  }
}
