package dev.caisson.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Where commands write. The only class that knows standard output. Safe for use from many threads.
 */
final class Console {
  private final PrintStream out;
  private final PrintStream err;
  private final boolean outIsTerminal;
  private final boolean errIsTerminal;
  private final boolean colour;

  Console(
      PrintStream out,
      PrintStream err,
      boolean outIsTerminal,
      boolean errIsTerminal,
      boolean colour) {
    this.out = out;
    this.err = err;
    this.outIsTerminal = outIsTerminal;
    this.errIsTerminal = errIsTerminal;
    this.colour = colour;
  }

  /** The process's own streams; the launcher says which of them are terminals. */
  static Console ofProcess(Map<String, String> environment) {
    List<String> terminals = List.of(System.getProperty("caisson.terminals", "").split(","));
    boolean colour =
        !environment.containsKey("NO_COLOR") && !"dumb".equals(environment.get("TERM"));
    return new Console(
        utf8(FileDescriptor.out),
        utf8(FileDescriptor.err),
        terminals.contains("out"),
        terminals.contains("err"),
        colour);
  }

  /** What cells print is UTF-8, whatever the locale calls itself. */
  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** Whether something that was written to standard output did not get there. */
  boolean outFailed() {
    return out.checkError();
  }

  void line(String text) {
    out.println(text);
  }

  /** Writes exactly this, at once. */
  void raw(String text) {
    out.print(text);
    out.flush();
  }

  void errorRaw(String text) {
    err.print(text);
    err.flush();
  }

  /** The stream for bytes that are not text. */
  PrintStream bytes() {
    return out;
  }

  /** The stream for what a library says about wrong usage. */
  PrintStream errors() {
    return err;
  }

  /** Something the user should know that is not the command's result. */
  void note(String text) {
    err.println(text);
  }

  void error(String text) {
    err.println(paint(errIsTerminal, "31", "caisson: ") + text);
  }

  boolean outIsTerminal() {
    return outIsTerminal;
  }

  boolean errIsTerminal() {
    return errIsTerminal;
  }

  String green(String text) {
    return paint(outIsTerminal, "32", text);
  }

  String red(String text) {
    return paint(outIsTerminal, "31", text);
  }

  String dim(String text) {
    return paint(outIsTerminal, "2", text);
  }

  String bold(String text) {
    return paint(outIsTerminal, "1", text);
  }

  /** Rows as columns of equal width; the first row is the heading. */
  void table(List<List<String>> rows) {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (int r = 0; r < rows.size(); r++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String cell = rows.get(r).get(i);
        text.append(cell);
        if (i < columns - 1) {
          text.repeat(' ', widths[i] - cell.length() + 2);
        }
      }
      line(r == 0 ? dim(text.toString()) : text.toString());
    }
  }

  private String paint(boolean terminal, String code, String text) {
    return terminal && colour ? "\033[" + code + "m" + text + "\033[0m" : text;
  }
}
