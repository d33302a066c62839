package dev.caisson.testkit;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * {@code ./caisson fuzz [--count N] [--seed N]}: thousands of broken requests against a server of
 * its own. Exit code 1 when a promise was broken, 2 for wrong usage.
 */
public final class FuzzMain {
  private static final int COUNT = 10_000;
  private static final long SEED = 20261123;

  private FuzzMain() {}

  public static void main(String[] arguments) throws IOException {
    System.exit(run(arguments, System.out, System.err));
  }

  private static int run(String[] arguments, PrintStream out, PrintStream err) throws IOException {
    int count = COUNT;
    long seed = SEED;
    for (int i = 0; i < arguments.length; i++) {
      boolean number = i + 1 < arguments.length && arguments[i + 1].matches("\\d{1,9}");
      if (arguments[i].equals("--count") && number) {
        count = Integer.parseInt(arguments[++i]);
      } else if (arguments[i].equals("--seed") && number) {
        seed = Long.parseLong(arguments[++i]);
      } else {
        err.println("usage: caisson fuzz [--count N] [--seed N]");
        return 2;
      }
    }
    int all = count;
    Path directory = Files.createTempDirectory("caisson-fuzz");
    try {
      Fuzz.Report report =
          Fuzz.run(directory, seed, count, done -> err.println("fuzz: " + done + " of " + all));
      out.println(report.sent() + " requests from seed " + seed);
      report.statuses().entrySet().stream()
          .sorted(java.util.Map.Entry.comparingByKey())
          .forEach(entry ->
              out.println(
                  (entry.getKey() == 0 ? "closed" : entry.getKey().toString())
                      + ": "
                      + entry.getValue()));
      report.findings().forEach(finding -> out.println("BROKEN: " + finding));
      out.println(report.findings().size() + " promises broken");
      return report.findings().isEmpty() ? 0 : 1;
    } finally {
      Trees.delete(directory);
    }
  }
}
