package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code ./caisson attack [--only NAME]... [--quick] [--as root|rootless] [--json] [--list]}: every
 * attack against servers of its own, by root and by an ordinary user. Exit code 1 when one was not
 * contained or not reported as what it was, 2 for wrong usage.
 */
public final class AttackMain {
  private AttackMain() {}

  public static void main(String[] arguments) throws IOException {
    System.exit(run(arguments, System.out, System.err));
  }

  private static int run(String[] arguments, PrintStream out, PrintStream err) throws IOException {
    List<Attack> attacks = AttackLibrary.all();
    List<String> only = new ArrayList<>();
    List<Boolean> rootless = OrdinaryUser.isRoot() ? List.of(false, true) : List.of(true);
    boolean json = false;
    boolean quick = false;
    for (int i = 0; i < arguments.length; i++) {
      String value = i + 1 < arguments.length ? arguments[i + 1] : "";
      if (arguments[i].equals("--list")) {
        attacks.forEach(attack -> out.println(attack.name() + ": " + attack.sentence()));
        return 0;
      } else if (arguments[i].equals("--json")) {
        json = true;
      } else if (arguments[i].equals("--quick")) {
        quick = true;
      } else if (arguments[i].equals("--only")
          && attacks.stream().anyMatch(attack -> attack.name().equals(value))) {
        only.add(arguments[++i]);
      } else if (arguments[i].equals("--as") && value.equals("rootless")) {
        rootless = List.of(true);
        i++;
      } else if (arguments[i].equals("--as") && value.equals("root") && OrdinaryUser.isRoot()) {
        rootless = List.of(false);
        i++;
      } else {
        err.println(
            "usage: caisson attack [--only NAME]... [--quick] [--as root|rootless] [--json]");
        attacks.forEach(attack -> err.println("  " + attack.name() + ": " + attack.sentence()));
        return 2;
      }
    }
    boolean fast = quick;
    ObjectNode report = Json.object();
    boolean contained = true;
    for (boolean way : rootless) {
      String where = way ? "rootless" : "root";
      List<Attack> chosen =
          attacks.stream()
              .filter(attack ->
                  only.isEmpty() ? attack.isQuick(way) || !fast : only.contains(attack.name()))
              .toList();
      if (!json) {
        out.println(where + ", load " + load() + " a core");
        out.println(AttackTable.head());
      }
      List<AttackResult> results;
      List<String> after;
      boolean lines = !json;
      try (AttackedServer server = AttackedServer.start(way)) {
        AttackTrial trial = new AttackTrial(server, fast ? AttackTrial.FEW : AttackTrial.MANY);
        results =
            trial.run(
                chosen,
                1,
                result -> {
                  if (lines) {
                    out.println(AttackTable.line(result));
                    out.flush();
                  }
                });
        after = server.keeperComplaints();
      }
      contained &= after.isEmpty() && results.stream().allMatch(AttackResult::contained);
      if (json) {
        ArrayNode list = report.putArray(where);
        results.forEach(result -> list.add(result.json()));
      } else {
        after.forEach(line -> out.println("! the keeper failed: " + line));
        out.println(AttackTable.summary(where, results) + "; load now " + load() + " a core\n");
      }
    }
    if (json) {
      out.println(Json.write(report.put("contained", contained)));
    }
    return contained ? 0 : 1;
  }

  private static String load() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    return String.format(
        Locale.ROOT, "%.1f", system.getSystemLoadAverage() / system.getAvailableProcessors());
  }
}
