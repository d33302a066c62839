package dev.caisson.cli;

/**
 * A line on standard error that changes while something goes on. Off a terminal each text is a
 * line.
 */
final class Status {
  private static final int WIDTH = 100;

  private final Console console;
  private boolean shown;

  Status(Console console) {
    this.console = console;
  }

  synchronized void show(String text) {
    if (console.errIsTerminal()) {
      String cut = text.length() > WIDTH ? text.substring(0, WIDTH - 1) + "…" : text;
      console.errorRaw("\r\033[K" + cut);
      shown = true;
    } else {
      console.note(text);
    }
  }

  synchronized void clear() {
    if (shown) {
      console.errorRaw("\r\033[K");
      shown = false;
    }
  }
}
