package dev.caisson.sandbox;

import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads from pip's output how far it has come. */
final class PipProgress implements Consumer<String> {
  private static final Pattern FETCH =
      Pattern.compile(
          "\\s*(?:Downloading|Using cached|Processing)\\s+(\\S+\\.(?:whl|tar\\.gz|zip))"
              + "(?:\\s+\\(([0-9.]+) (bytes|[kMG]B)\\))?(?:\\s.*)?");
  private static final Pattern INSTALL = Pattern.compile("Installing collected packages: (.*)");

  private final BuildListener listener;
  private final int expected;
  private int fetched;

  PipProgress(BuildListener listener, int expected) {
    this.listener = listener;
    this.expected = expected;
  }

  @Override
  public void accept(String line) {
    Matcher fetch = FETCH.matcher(line);
    if (fetch.matches()) {
      fetched++;
      String archive = fetch.group(1).substring(fetch.group(1).lastIndexOf('/') + 1);
      listener.on(
          new BuildStep.Fetching(
              archive, fetched, Math.max(expected, fetched), size(fetch.group(2), fetch.group(3))));
      return;
    }
    Matcher install = INSTALL.matcher(line);
    if (install.matches()) {
      listener.on(new BuildStep.Installing(install.group(1).split(",", -1).length));
    }
  }

  /** pip counts in thousands. */
  private static OptionalLong size(@Nullable String number, @Nullable String unit) {
    if (number == null || unit == null) {
      return OptionalLong.empty();
    }
    double factor =
        switch (unit.toLowerCase(Locale.ROOT)) {
          case "kb" -> 1e3;
          case "mb" -> 1e6;
          case "gb" -> 1e9;
          default -> 1;
        };
    return OptionalLong.of(Math.round(Double.parseDouble(number) * factor));
  }
}
