package dev.caisson.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineRunTest {
  @TempDir Path temporary;
  private PipelineFixture fixture;

  @BeforeEach
  void write() {
    fixture = PipelineFixture.threeStages(temporary);
  }

  @Test
  void handsFilesFromStageToStageInOneContainer() {
    RunResult result = fixture.run();

    assertThat(result.outcome()).isEqualTo(new RunResult.Outcome.Succeeded());
    assertThat(fixture.ran()).containsExactly("extract", "clean", "total");
    assertThat(fixture.read("out/total.txt")).isEqualTo("7\n");
    assertThat(fixture.client.ids()).hasSize(1);
    assertThat(result.container()).contains(fixture.client.ids().getFirst());
    assertThat(result.outputs()).containsExactly(fixture.directory.resolve("out/total.txt"));
    assertThat(fixture.heard(RunEvent.Output.class))
        .extracting(RunEvent.Output::text)
        .contains("3 rows\n");
  }

  @Test
  void bringsOutOnlyDeclaredOutputs() {
    fixture.run();

    assertThat(fixture.directory.resolve("out")).isDirectoryContaining("glob:**total.txt");
    assertThat(fixture.directory.resolve("out").toFile().list()).containsExactly("total.txt");
    Path stage = fixture.client.onHost(fixture.client.ids().getFirst(), "/home/user/numbers/clean");
    assertThat(stage.resolve("clean.txt")).exists();
  }

  @Test
  void runsNothingTheSecondTime() {
    fixture.run();
    int cells = fixture.client.codes().size();

    RunResult second = fixture.run();

    assertThat(second.succeeded()).isTrue();
    assertThat(fixture.cached()).containsExactly("extract", "clean", "total");
    assertThat(fixture.client.codes()).hasSize(cells);
  }

  @Test
  void runsOnlyWhatHangsOnAChangedScript() {
    fixture.run();
    fixture.edit("total.py", "{total}", "total {total}");

    fixture.run();

    assertThat(fixture.cached()).containsExactly("extract", "clean");
    assertThat(fixture.ran()).containsExactly("total");
    assertThat(fixture.heard(RunEvent.StageStarted.class).getFirst().reason())
        .isEqualTo("total.py changed");
    assertThat(fixture.read("out/total.txt")).isEqualTo("total 7\n");
  }

  @Test
  void saysWhenAKeptResultNoLongerFitsWhatIsExpected() {
    fixture.run();
    fixture.edit(
        "pipeline.yaml",
        "out: {clean: clean.txt}",
        "out: {clean: clean.txt}, expect: {clean: {min_bytes: 100}}");

    fixture.failure(fixture.run());

    assertThat(fixture.heard(RunEvent.StageStarted.class).getFirst().reason())
        .isEqualTo("expect changed: the kept clean has 4 bytes, fewer than 100");
  }

  @Test
  void stopsEarlyWhenAChangedStageMakesTheSame() {
    fixture.run();
    fixture.edit("extract.py", "import os", "import os  # for the environment");

    fixture.run();

    assertThat(fixture.ran()).containsExactly("extract");
    assertThat(fixture.cached()).containsExactly("clean", "total");
  }

  @Test
  void runsEverythingAfterAChangedInput() {
    fixture.run();
    fixture.file("data/numbers.csv", "n\n3\n-1\n4\n5\n");

    fixture.run();

    assertThat(fixture.ran()).containsExactly("extract", "clean", "total");
    assertThat(fixture.heard(RunEvent.StageStarted.class).getFirst().reason())
        .isEqualTo("in raw changed");
    assertThat(fixture.read("out/total.txt")).isEqualTo("12\n");
  }

  @Test
  void restoresADeletedOutputWithoutRunning() throws Exception {
    fixture.run();
    int cells = fixture.client.codes().size();
    Files.delete(fixture.directory.resolve("out/total.txt"));

    RunResult result = fixture.run();

    assertThat(result.succeeded()).isTrue();
    assertThat(fixture.read("out/total.txt")).isEqualTo("7\n");
    assertThat(fixture.client.codes()).hasSize(cells);
    assertThat(fixture.heard(RunEvent.BroughtOut.class).getFirst().written()).isTrue();
  }

  @Test
  void rebuildsWhatAnExpiredContainerHeld() {
    fixture.run();
    var first = fixture.client.ids().getFirst();
    fixture.client.expire(first);
    fixture.edit("total.py", "{total}", "total {total}");

    RunResult result = fixture.run();

    assertThat(result.succeeded()).isTrue();
    assertThat(fixture.heard(RunEvent.Rebuilding.class))
        .containsExactly(
            new RunEvent.Rebuilding(
                "container " + first + " expired", java.util.List.of("extract", "clean")));
    assertThat(fixture.ran()).containsExactly("extract", "clean", "total");
    assertThat(fixture.read("out/total.txt")).isEqualTo("total 7\n");
    assertThat(result.container()).isPresent().get().isNotEqualTo(first);
  }
}
