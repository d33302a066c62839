package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * What became of an attack.
 *
 * @param expected how it was to end
 * @param seen how it ended
 * @param complaints what is not as it should be; empty when the attack was contained and reported
 *     as what it was
 * @param millis how long it and what came after it took
 * @param quiet times of the neighbour's cells before it, and while it ran; empty for an attack that
 *     takes no resources
 * @param during while it ran
 */
record AttackResult(
    Attack attack,
    String expected,
    String seen,
    List<String> complaints,
    long millis,
    Neighbour.Times quiet,
    Neighbour.Times during) {
  /** How much slower the neighbour's slowest cells were; 0 where they were not timed. */
  double ratio() {
    return quiet.p99() == 0 ? 0 : during.p99() / quiet.p99();
  }

  boolean contained() {
    return complaints.isEmpty();
  }

  ObjectNode json() {
    ObjectNode json =
        Json.object()
            .put("attack", attack.name())
            .put("tries", attack.sentence())
            .put("expected", expected)
            .put("seen", seen)
            .put("contained", contained())
            .put("ms", millis);
    complaints.forEach(json.putArray("complaints")::add);
    if (attack.resource()) {
      json.putObject("neighbour")
          .put("quiet_cells", quiet.millis().size())
          .put("quiet_p50_ms", quiet.p50())
          .put("quiet_p99_ms", quiet.p99())
          .put("cells", during.millis().size())
          .put("p50_ms", during.p50())
          .put("p99_ms", during.p99())
          .put("p99_ratio", ratio());
    }
    return json;
  }
}
