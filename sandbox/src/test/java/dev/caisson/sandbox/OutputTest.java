package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputStreamKind;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is kept of a cell's output. The cap is 20,000 bytes of each stream. */
class OutputTest extends SharedSandboxes {
  @Test
  void keepsHeadAndTailOfBothStreamsAndCountsTheRest() {
    CellRun run = bash("seq 1 100000; seq 200001 300000 >&2");
    int total = 588_895;
    assertThat(run.stdout().droppedBytes()).isEqualTo(total - 20_000);
    assertThat(out(run))
        .startsWith("1\n2\n3\n")
        .endsWith("99999\n100000\n")
        .contains("[... 568895 bytes of output dropped ...]");
    assertThat(run.stderr().droppedBytes()).isEqualTo(700_000 - 20_000);
    assertThat(err(run)).startsWith("200001\n").endsWith("300000\n");
  }

  @Test
  void keepsOutputOfExactlyTheCapWhole() {
    CellRun run = python("import sys\nsys.stdout.write('x' * 20000)");
    assertThat(run.stdout().droppedBytes()).isZero();
    assertThat(out(run)).hasSize(20_000);
  }

  @Test
  void keepsUpWithAFloodOfHundredMegabytes() {
    CellRun run = bash("head -c 100000000 /dev/zero | tr '\\0' 'y'; echo end");
    assertThat(run.stdout().droppedBytes()).isEqualTo(100_000_004 - 20_000);
    assertThat(out(run)).endsWith("yyyend\n");
  }

  @Test
  void takesALineOfAMebibyteWithoutItsEnd() {
    CellRun run = python("import sys\nsys.stdout.write('z' * (1 << 20))\nsys.stdout.flush()");
    assertThat(run.stdout().droppedBytes()).isEqualTo((1 << 20) - 20_000);
    assertThat(out(run)).startsWith("zzz").endsWith("zzz");
  }

  @Test
  void showsBytesThatAreNotTextAsReplacementCharacters() {
    assertThat(out(bash("printf 'a\\377b\\xc3'"))).isEqualTo("a\uFFFDb\uFFFD");
  }

  @Test
  void neverCutsACharacterAtAReadOrACut() {
    CellRun whole =
        python(
            "import sys, time\nfor b in 'é€😀'.encode():\n"
                + "    sys.stdout.buffer.write(bytes([b]))\n    sys.stdout.buffer.flush()\n    time.sleep(0.01)");
    assertThat(out(whole)).isEqualTo("é€😀");
    String tail = out(python("print('€' * 20000)"));
    assertThat(tail.substring(tail.indexOf(']') + 1)).doesNotContain("\uFFFD");
  }

  @Test
  void streamsOutputWhileTheCellRuns() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    StringBuilder heard = new StringBuilder();
    CellProgram program =
        new CellProgram(
            Language.PYTHON,
            "import os, time\nprint('first')\nwhile not os.path.exists('/tmp/go'): time.sleep(0.01)\nprint('second')",
            InterpreterMode.PERSISTENT,
            Duration.ofSeconds(20),
            Map.of(),
            SandboxFixture.outputDirectory());
    FutureTask<CellRun> task =
        new FutureTask<>(() ->
            sandbox.run(
                program,
                (stream, text) -> {
                  assertThat(stream).isEqualTo(OutputStreamKind.STDOUT);
                  heard.append(text);
                  first.countDown();
                }));
    Thread.ofVirtual().start(task);
    assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(task.isDone()).isFalse();
    sandbox.write("/tmp/go", InputStream.nullInputStream());
    assertThat(out(task.get(20, TimeUnit.SECONDS))).isEqualTo("first\nsecond\n");
    assertThat(heard.toString()).isEqualTo("first\nsecond\n");
  }

  @Test
  void tellsTheListenerAllThatIsKept() {
    StringBuilder heard = new StringBuilder();
    CellProgram program =
        new CellProgram(
            Language.BASH,
            "seq 1 100000",
            InterpreterMode.FRESH,
            Duration.ofSeconds(20),
            Map.of(),
            SandboxFixture.outputDirectory());
    CellRun run = sandbox.run(program, (stream, text) -> heard.append(text));
    assertThat(heard.toString()).isEqualTo(out(run));
  }
}
