package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kill -9 of a real server at random moments, 20 times; {@code ./caisson soak} does 200. */
class KillTest {
  private static final int KILLS = 20;

  @Test
  @Tag("slow")
  void losesNothingThatAClientHadBeenTold(@TempDir Path directory) {
    KillTrial.Report report =
        KillTrial.run(directory, Map.of(), System.nanoTime(), KILLS, done -> {});

    assertThat(report.broken()).isEmpty();
    // That it was a trial at all.
    assertThat(report.answered())
        .containsKeys(
            LoadWorker.Operation.CELL,
            LoadWorker.Operation.WRITE,
            LoadWorker.Operation.UPLOAD,
            LoadWorker.Operation.MESSAGE);
    assertThat(report.unanswered().values().stream().mapToInt(Integer::intValue).sum())
        .isGreaterThan(KILLS);
    assertThat(report.facts()).isGreaterThan(20 * KILLS);
  }
}
