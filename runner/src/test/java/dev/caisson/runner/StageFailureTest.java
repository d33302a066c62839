package dev.caisson.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ContainerId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StageFailureTest {
  @TempDir Path temporary;
  private PipelineFixture fixture;

  @BeforeEach
  void write() {
    fixture = PipelineFixture.threeStages(temporary);
  }

  @Test
  void namesStageLineContainerAndHowToLookInside() {
    fixture.edit("total.py", "total = sum", "# a comment\ntotal = nosum");

    RunResult result = fixture.run();

    StageFailure failure = fixture.failure(result);
    ContainerId container = fixture.client.ids().getFirst();
    assertThat(failure.stage()).isEqualTo("total");
    assertThat(failure.cause()).isEqualTo(new FailureCause.ExitCode(1));
    assertThat(failure.line()).isEqualTo(OptionalInt.of(2));
    assertThat(failure.stderrTail().getLast()).startsWith("NameError: name 'nosum' is not defined");
    assertThat(failure.message())
        .startsWith("stage total failed: total.py line 2: exit code 1\n  container: " + container)
        .endsWith(
            "look inside: caisson exec "
                + container
                + " --bash -c 'ls -l /home/user/numbers/total'");
    assertThat(fixture.heard(RunEvent.StageFailed.class)).hasSize(1);
    assertThat(fixture.directory.resolve("out")).doesNotExist();
  }

  @Test
  void keepsFinishedStagesAndGoesOnAfterTheRepair() {
    fixture.edit("total.py", "sum", "nosum");
    fixture.run();
    fixture.edit("total.py", "nosum", "sum");

    RunResult result = fixture.run();

    assertThat(result.succeeded()).isTrue();
    assertThat(fixture.cached()).containsExactly("extract", "clean");
    assertThat(fixture.ran()).containsExactly("total");
  }

  @Test
  void namesTheInnermostLineOfTheScriptItself() {
    fixture.file("helper.py", "def fail():\n    raise ValueError('deep')\n");
    fixture.file("total.py", "import helper\n\ndef work():\n    helper.fail()\n\nwork()\n");
    fixture.edit("pipeline.yaml", "run: total.py,", "run: total.py, files: [helper.py],");

    assertThat(fixture.failure(fixture.run()).line()).isEqualTo(OptionalInt.of(4));
  }

  @Test
  void namesTheLineOfASyntaxError() {
    fixture.file("total.py", "x = 1\nif x\n");

    assertThat(fixture.failure(fixture.run()).line()).isEqualTo(OptionalInt.of(2));
  }

  @Test
  void namesTheLineOfAFailedCommandOfBash() {
    fixture.file("clean.sh", "set -e\n\nf() {\n  ls /nowhere\n}\nf\n");

    StageFailure failure = fixture.failure(fixture.run());

    assertThat(failure.line()).isEqualTo(OptionalInt.of(4));
    assertThat(failure.cause()).isEqualTo(new FailureCause.ExitCode(2));
    assertThat(failure.stderrTail()).first().asString().contains("/nowhere");
  }

  @Test
  void namesTheLineOfAnExitOfBash() {
    fixture.file("clean.sh", "echo a\nif true; then\n  exit 3\nfi\n");

    StageFailure failure = fixture.failure(fixture.run());

    assertThat(failure.line()).isEqualTo(OptionalInt.of(3));
    assertThat(failure.cause()).isEqualTo(new FailureCause.ExitCode(3));
  }

  @Test
  void keepsTheExitCodeOfBashWithoutAnArgument() {
    fixture.file("clean.sh", "( builtin exit 7 )\nexit\n");

    assertThat(fixture.failure(fixture.run()).cause()).isEqualTo(new FailureCause.ExitCode(7));
  }

  @Test
  void leavesAScriptItsOwnTrapAndItsChildrenTheirs() {
    fixture.file(
        "clean.sh",
        "trap 'echo mine > \"$OUT_CLEAN\"' EXIT\nbash -c 'trap -p EXIT ERR' > traps.txt\n[ ! -s traps.txt ]\n");
    fixture.file("total.py", "print(open('clean.txt').read(), file=open('total.txt', 'w'))");

    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.read("out/total.txt")).startsWith("mine");
  }

  @Test
  void saysWhatIsThereWhenAnOutputWasNotMade() {
    fixture.edit("total.py", "\"total.txt\"", "\"totl.txt\"");

    StageFailure failure = fixture.failure(fixture.run());

    assertThat(failure.cause())
        .isEqualTo(
            new FailureCause.OutputMissing(
                "total",
                "/home/user/numbers/total/total.txt",
                List.of("clean.txt", "total.py", "totl.txt")));
    assertThat(failure.message())
        .contains("the script ended well but made no /home/user/numbers/total/total.txt")
        .contains("there is: clean.txt, total.py, totl.txt");
    assertThat(fixture.run().succeeded()).isFalse();
  }

  @Test
  void refusesAnOutputThatIsALinkOrTooSmall() {
    fixture.edit(
        "clean.sh",
        "grep -v '^-' \"$IN_ROWS\" > \"$OUT_CLEAN\"",
        "ln -s /etc/passwd \"$OUT_CLEAN\"");
    assertThat(fixture.failure(fixture.run()).cause())
        .isEqualTo(
            new FailureCause.OutputUnfit(
                "clean", "/home/user/numbers/clean/clean.txt", "is a link"));

    fixture.file("clean.sh", "printf 12 > \"$OUT_CLEAN\"");
    fixture.edit(
        "pipeline.yaml",
        "out: {clean: clean.txt}",
        "out: {clean: clean.txt}, expect: {clean: {min_bytes: 3}}");
    assertThat(fixture.failure(fixture.run()).cause())
        .isEqualTo(
            new FailureCause.OutputUnfit(
                "clean",
                "/home/user/numbers/clean/clean.txt",
                "has 2 bytes, fewer than the 3 of expect"));
  }

  @Test
  void takesThePatternOfAnOutputForExactlyOneFile() {
    fixture.edit("pipeline.yaml", "out: {clean: clean.txt}", "out: {clean: \"clean.*\"}");
    fixture.file("clean.sh", "cp \"$IN_ROWS\" \"${OUT_CLEAN%.*}.tsv\"");
    fixture.edit("total.py", "open(\"clean.txt\")", "open(__import__('os').environ['IN_CLEAN'])");

    RunResult result = fixture.run();

    assertThat(result.succeeded()).isTrue();
    assertThat(result.stages().get(1).artifacts().getFirst().filename()).isEqualTo("clean.tsv");
    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.ran()).isEmpty();

    fixture.file("clean.sh", "touch clean.a clean.b");
    assertThat(fixture.failure(fixture.run()).cause())
        .isEqualTo(
            new FailureCause.OutputAmbiguous(
                "clean", "/home/user/numbers/clean/clean.*", List.of("clean.a", "clean.b")));
  }

  @Test
  void refusesAFileNamedAsThePatternItself() {
    fixture.edit("pipeline.yaml", "out: {clean: clean.txt}", "out: {clean: \"./clean.*\"}");

    StageFailure failure = fixture.failure(fixture.run());

    assertThat(failure.cause())
        .isEqualTo(
            new FailureCause.OutputNamedAsPattern(
                "clean", "/home/user/numbers/clean/clean.*", "OUT_CLEAN"));
    assertThat(failure.message())
        .contains("OUT_CLEAN holds a pattern; the script must choose a name that fits it");

    fixture.file("clean.sh", "cp \"$IN_ROWS\" clean.txt; cp clean.txt \"$OUT_CLEAN\"");
    assertThat(fixture.failure(fixture.run()).cause())
        .isInstanceOf(FailureCause.OutputNamedAsPattern.class);
  }

  @Test
  void adviseWhenAStageRunsIntoItsLimit() {
    fixture.file("clean.sh", "echo begun; sleep 60");
    fixture.edit("pipeline.yaml", "run: clean.sh,", "run: clean.sh, timeout: 400ms,");

    StageFailure failure = fixture.failure(fixture.run());

    assertThat(failure.cause()).isEqualTo(new FailureCause.TimedOut(Duration.ofMillis(400)));
    assertThat(failure.message()).contains("detection_timeout: still running after 400ms; split");
    assertThat(fixture.heard(RunEvent.Output.class))
        .extracting(RunEvent.Output::text)
        .contains("begun\n");
  }

  @Test
  void isCancelledByAnInterruptAndGoesOnLater() throws Exception {
    fixture.file("total.py", "print('begun', flush=True)\nimport time\ntime.sleep(60)\n");
    CountDownLatch begun = new CountDownLatch(1);
    AtomicReference<RunResult> result = new AtomicReference<>();
    Thread run =
        Thread.ofVirtual()
            .start(() ->
                result.set(
                    PipelineRun.run(
                        fixture.client,
                        fixture.directory,
                        fixture.settings(),
                        event -> {
                          if (event instanceof RunEvent.Output output
                              && output.text().equals("begun\n")) {
                            begun.countDown();
                          }
                        })));
    assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
    run.interrupt();

    assertThat(run.join(Duration.ofSeconds(20))).isTrue();
    assertThat(result.get().outcome()).isEqualTo(new RunResult.Outcome.Cancelled());
    assertThat(result.get().stages()).hasSize(2);

    fixture.file("total.py", "open('total.txt', 'w').write('x')");
    fixture.run();
    assertThat(fixture.cached()).containsExactly("extract", "clean");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6, 9})
  void canBeInterruptedInTheMiddleOfEachStep(int cell) {
    AtomicInteger cells = new AtomicInteger();
    fixture.client.beforeCell(() -> {
      if (cells.incrementAndGet() == cell) {
        Thread.currentThread().interrupt();
      }
    });

    RunResult result = fixture.run();

    assertThat(Thread.interrupted()).isTrue();
    assertThat(result.outcome()).isEqualTo(new RunResult.Outcome.Cancelled());
    assertThat(result.stages()).hasSize((cell - 1) / 3);
    assertThat(fixture.run().succeeded()).isTrue();
    assertThat(fixture.cached()).hasSize((cell - 1) / 3);
    assertThat(fixture.read("out/total.txt")).isEqualTo("7\n");
  }

  @Test
  void failsWhenAnInputChangesUnderTheRun() {
    fixture.client.beforeCell(() -> {
      try {
        Files.writeString(fixture.directory.resolve("data/numbers.csv"), "n\n" + System.nanoTime());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });

    assertThat(fixture.failure(fixture.run()).cause()).isInstanceOf(FailureCause.InputMoved.class);
  }
}
