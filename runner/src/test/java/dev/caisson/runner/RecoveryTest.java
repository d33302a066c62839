package dev.caisson.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ContainerId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is gone is made again, and never taken for empty. */
class RecoveryTest {
  @TempDir Path temporary;
  private PipelineFixture fixture;

  @BeforeEach
  void write() {
    fixture = PipelineFixture.threeStages(temporary);
  }

  @Test
  void needsNoContainerWhenNothingChanged() {
    fixture.run();
    fixture.client.expire(fixture.client.ids().getFirst());

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.cached()).hasSize(3);
    assertThat(fixture.client.ids()).hasSize(1);
  }

  @Test
  void noticesAFreshWorkspaceUnderTheOldId() {
    fixture.run();
    ContainerId id = fixture.client.ids().getFirst();
    fixture.client.wipe(id);
    changeTotal();

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.heard(RunEvent.Rebuilding.class))
        .containsExactly(
            new RunEvent.Rebuilding(
                "the files of container " + id + " are gone", List.of("extract", "clean")));
    assertThat(fixture.read("out/total.txt")).isEqualTo("total 7\n");
  }

  @Test
  void replacesADeletedContainer() {
    fixture.run();
    ContainerId id = fixture.client.ids().getFirst();
    fixture.client.deleteContainer(id);
    changeTotal();

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.heard(RunEvent.Rebuilding.class).getFirst().reason())
        .isEqualTo("container " + id + " is gone");
  }

  @Test
  void noticesAnIntermediateFileThatSomebodyChanged() throws Exception {
    fixture.run();
    ContainerId id = fixture.client.ids().getFirst();
    Path clean = fixture.client.onHost(id, "/home/user/numbers/clean/clean.txt");
    assertThat(Files.getPosixFilePermissions(clean)).hasSize(3);
    Files.delete(clean);
    Files.writeString(clean, "1000\n");
    changeTotal();

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.heard(RunEvent.Rebuilding.class))
        .containsExactly(
            new RunEvent.Rebuilding(
                "container " + id + " no longer holds clean.clean as it was made",
                List.of("clean")));
    assertThat(fixture.read("out/total.txt")).isEqualTo("total 7\n");
  }

  @Test
  void putsBackAnArtifactThatWasBroughtOut() {
    fixture.edit("pipeline.yaml", "stages:", "outputs: [clean.clean, total.total]\nstages:");
    fixture.run();
    fixture.client.expire(fixture.client.ids().getFirst());
    changeTotal();

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.ran()).containsExactly("total");
    assertThat(fixture.heard(RunEvent.Restored.class))
        .containsExactly(new RunEvent.Restored(new ArtifactRef("clean", "clean"), 4));
    assertThat(fixture.read("out/total.txt")).isEqualTo("total 7\n");
  }

  @Test
  void keysWhatFollowsAnewWhenAStageComesOutDifferently() {
    fixture.edit("extract.py", "rows = ", "import time\nrows = [str(time.time_ns())] + ");
    fixture.edit(
        "pipeline.yaml",
        "  total:",
        "  copy: {run: copy.sh, in: {rows: extract.rows}, out: {copy: copy.txt}}\n  total:");
    fixture.file("copy.sh", "sed 's/^/copy /' $IN_ROWS > $OUT_COPY");
    fixture.run();
    String before = fixture.read("out/copy.txt");
    fixture.client.expire(fixture.client.ids().getFirst());
    fixture.edit("clean.sh", "grep", "LC_ALL=C grep");

    assertThat(fixture.run().succeeded()).isTrue();

    // The copy was cached for the old rows; it must not stand beside a total of new ones.
    assertThat(fixture.ran()).containsExactly("extract", "clean", "copy", "total");
    String rows = fixture.read("out/copy.txt");
    assertThat(rows).isNotEqualTo(before);
    long total =
        rows.lines()
            .mapToLong(line -> Long.parseLong(line.substring("copy ".length())))
            .filter(n -> n >= 0)
            .sum();
    assertThat(fixture.read("out/total.txt")).isEqualTo(total + "\n");
  }

  @Test
  void goesOnInAFreshContainerWhenTheOldOneExpiresInTheMiddle() {
    AtomicInteger cells = new AtomicInteger();
    // Three cells a stage: this one prepares the last stage.
    fixture.client.beforeCell(() -> {
      if (cells.incrementAndGet() == 7) {
        fixture.client.expire(fixture.client.ids().getFirst());
      }
    });

    assertThat(fixture.run().succeeded()).isTrue();

    assertThat(fixture.heard(RunEvent.StageRepeated.class))
        .extracting(RunEvent.StageRepeated::stage)
        .containsExactly("total");
    assertThat(fixture.ran()).containsExactly("extract", "clean", "extract", "clean", "total");
    assertThat(fixture.client.ids()).hasSize(2);
    assertThat(fixture.read("out/total.txt")).isEqualTo("7\n");
  }

  @Test
  void givesUpWhenContainersKeepDying() {
    fixture.client.beforeCell(() -> fixture.client.expire(fixture.client.ids().getLast()));

    StageFailure failure = fixture.failure(fixture.run());

    assertThat(failure.stage()).isEqualTo("extract");
    assertThat(failure.cause()).isInstanceOf(FailureCause.Lost.class);
    assertThat(fixture.client.ids()).hasSize(3);
  }

  @Test
  void runsEverythingAfterTheImageChanged() {
    fixture.run();
    ContainerId first = fixture.client.ids().getFirst();
    fixture.client.changeImage("image-2");

    fixture.run();

    assertThat(fixture.ran()).containsExactly("extract", "clean", "total");
    assertThat(fixture.heard(RunEvent.StageStarted.class).getFirst().reason())
        .isEqualTo("image changed");
    assertThat(fixture.client.ids()).hasSize(1).doesNotContain(first);
  }

  @Test
  void startsFreshWhenTheContainerIsNotToBeReused() {
    fixture.edit("pipeline.yaml", "stages:", "container: {reuse: false}\nstages:");
    fixture.run();
    ContainerId first = fixture.client.ids().getFirst();
    changeTotal();

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.ran()).containsExactly("extract", "clean", "total");
    assertThat(fixture.client.ids()).hasSize(1).doesNotContain(first);
  }

  @Test
  void runsAStageAgainWhenItsKeptOutputIsDamagedAndItsContainerGone() throws Exception {
    fixture.run();
    fixture.client.expire(fixture.client.ids().getFirst());
    Path blob = blob();
    Files.writeString(blob, "8\n");
    Files.delete(fixture.directory.resolve("out/total.txt"));

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.read("out/total.txt")).isEqualTo("7\n");
    assertThat(fixture.ran()).contains("total");
  }

  @Test
  void fetchesALostOutputFromTheLivingContainerWithoutRunning() throws Exception {
    fixture.run();
    Files.delete(blob());
    Files.delete(fixture.directory.resolve("out/total.txt"));

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.ran()).isEmpty();
    assertThat(fixture.read("out/total.txt")).isEqualTo("7\n");
  }

  @Test
  void countsATornCommitRecordAsNone() throws Exception {
    fixture.run();
    try (var records = Files.walk(fixture.store)) {
      for (Path record : records.filter(file -> file.toString().contains("/ac/")).toList()) {
        if (Files.isRegularFile(record)) {
          byte[] bytes = Files.readAllBytes(record);
          Files.write(record, Arrays.copyOf(bytes, bytes.length / 2));
        }
      }
    }

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.ran()).containsExactly("extract", "clean", "total");
  }

  @Test
  void sweepsWhatAKilledRunLeftHalfWritten() throws Exception {
    fixture.run();
    Path left = blob().resolveSibling(".left" + AtomicFile.TEMPORARY_SUFFIX);
    Path leftOut = fixture.directory.resolve("out/.left" + AtomicFile.TEMPORARY_SUFFIX);
    Files.writeString(left, "half");
    Files.writeString(leftOut, "half");

    fixture.run();

    assertThat(left).doesNotExist();
    assertThat(leftOut).doesNotExist();
  }

  @Test
  void restoresAnOutputThatSomebodyEdited() {
    fixture.run();
    fixture.file("out/total.txt", "8\n");

    fixture.run();

    assertThat(fixture.ran()).isEmpty();
    assertThat(fixture.read("out/total.txt")).isEqualTo("7\n");
  }

  @Test
  void keepsNoSourceInTheContainerThatNoStageReadsAnyMore() {
    fixture.run();
    fixture.file("data/numbers.csv", "n\n5\n");
    fixture.run();

    Path sources =
        fixture.client.onHost(fixture.client.ids().getFirst(), "/home/user/numbers/.sources");
    assertThat(sources.toFile().list()).hasSize(1);
    assertThat(fixture.read("out/total.txt")).isEqualTo("5\n");
  }

  @Test
  void givesAStageOnlyWhatItDeclares() {
    fixture.file(
        "total.py",
        """
        import os
        with open("total.txt", "w") as out:
            print(sorted(os.listdir()), file=out)
            print(os.access("clean.txt", os.W_OK), file=out)
        """);

    fixture.run();

    assertThat(fixture.read("out/total.txt"))
        .isEqualTo("['clean.txt', 'total.py', 'total.txt']\nFalse\n");
  }

  private void changeTotal() {
    fixture.edit("total.py", "{total}", "total {total}");
  }

  /** The one kept output. */
  private Path blob() throws Exception {
    try (var files = Files.walk(fixture.store)) {
      return files
          .filter(file -> file.toString().contains("/blobs/") && Files.isRegularFile(file))
          .findFirst()
          .orElseThrow();
    }
  }
}
