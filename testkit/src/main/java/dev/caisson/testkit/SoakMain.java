package dev.caisson.testkit;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * {@code ./caisson soak [--kills N] [--seed N]}: kills a server of its own N times under load. Exit
 * code 1 when something was lost that a client had been told, 2 for wrong usage.
 */
public final class SoakMain {
  private static final int KILLS = 200;
  private static final long SEED = 20261123;

  private SoakMain() {}

  public static void main(String[] arguments) throws IOException {
    System.exit(run(arguments, System.out, System.err));
  }

  private static int run(String[] arguments, PrintStream out, PrintStream err) throws IOException {
    int kills = KILLS;
    long seed = SEED;
    for (int i = 0; i < arguments.length; i++) {
      boolean number = i + 1 < arguments.length && arguments[i + 1].matches("\\d{1,9}");
      if (arguments[i].equals("--kills") && number) {
        kills = Integer.parseInt(arguments[++i]);
      } else if (arguments[i].equals("--seed") && number) {
        seed = Long.parseLong(arguments[++i]);
      } else {
        err.println("usage: caisson soak [--kills N] [--seed N]");
        return 2;
      }
    }
    int all = kills;
    Path directory = Files.createTempDirectory("caisson-soak");
    KillTrial.Report report =
        KillTrial.run(
            directory,
            Map.of(),
            seed,
            kills,
            done -> err.println("soak: " + done + " kills of " + all));
    out.println(kills + " kills from seed " + seed);
    out.println("answered: " + report.answered());
    out.println("under way when the server was killed: " + report.unanswered());
    out.println("cells told as lost: " + report.lostCells());
    out.println("things asked for that had been told: " + report.facts());
    report.broken().forEach(one -> out.println("BROKEN: " + one));
    out.println(report.broken().size() + " promises broken");
    if (!report.broken().isEmpty()) {
      out.println("the data directory is kept: " + directory);
      return 1;
    }
    Trees.delete(directory);
    return 0;
  }
}
