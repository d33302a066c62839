package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile programs against a real server in the build; {@code ./caisson attack} makes them all. */
class AttackTest {
  /** Most of them wait, for an end or an answer. */
  private static final int PARALLEL = 4;

  @ParameterizedTest(name = "rootless: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("slow")
  @Timeout(300)
  void contains(boolean rootless) throws Exception {
    assumeTrue(rootless || OrdinaryUser.isRoot(), "needs root to attack a server of root's");
    List<Attack> attacks =
        AttackLibrary.all().stream().filter(attack -> attack.isQuick(rootless)).toList();
    StringBuilder table = new StringBuilder(AttackTable.head());
    List<AttackResult> results;
    try (AttackedServer server = AttackedServer.start(rootless)) {
      AttackTrial trial = new AttackTrial(server, AttackTrial.FEW);
      results =
          trial.run(
              attacks,
              PARALLEL,
              result -> {
                synchronized (table) {
                  table.append('\n').append(AttackTable.line(result));
                }
              });
      assertThat(server.keeperComplaints()).isEmpty();
      if (rootless) { // once is enough
        tellsWhatIsNotAsItShouldBe(trial);
      }
    }
    String where = rootless ? "rootless" : "root";
    System.out.println(table + "\n" + AttackTable.summary(where, results));
    assertThat(results).hasSameSizeAs(attacks).hasSizeGreaterThan(59);
    assertThat(results.stream().filter(result -> !result.contained()).map(AttackTable::line))
        .isEmpty();
  }

  /** The check itself: an attack that gets through, or is reported otherwise, is a complaint. */
  private static void tellsWhatIsNotAsItShouldBe(AttackTrial trial) {
    List<Attack> wrong =
        List.of(
            attack("# Says it got out.\nescaped('here')\nheld('there')\n"),
            attack("# Refuses nothing.\nprint('nothing')\n"),
            attack("# Ends, but not so.\n# expect: killed out_of_memory\nos._exit(3)\n"),
            attack("# Says nothing of it.\n# says: detection_timeout\nheld('it')\n"));
    assertThat(trial.run(wrong, 1, result -> {}))
        .hasSameSizeAs(wrong)
        .noneMatch(AttackResult::contained);
  }

  private static Attack attack(String text) {
    return AttackLibrary.read("wrong.py", text);
  }
}
