package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hundreds of broken requests in the build; {@code ./caisson fuzz} sends thousands. */
class FuzzTest {
  private static final int COUNT = 1200;

  @TempDir Path directory;

  @Test
  @Tag("slow")
  @Timeout(240)
  void brokenRequestsAreTheClientsFailureAndLeaveNothingBehind() {
    Fuzz.Report report = Fuzz.run(directory, 20261123, COUNT, done -> {});
    assertThat(report.findings()).isEmpty();
    // Were the mutants mostly harmless, or one target never reached, this would test little.
    assertThat(report.refusedOf()).hasSize(FuzzTarget.all("container_x").size());
    assertThat(report.refusedOf().values().stream().mapToInt(Integer::intValue).sum())
        .isGreaterThan(COUNT / 3);
  }
}
