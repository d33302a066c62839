package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The ladder at the cell limit: interrupt, then kill; never the container. */
class TimeLimitTest extends SharedSandboxes {
  private static final Duration LIMIT = Duration.ofMillis(600);

  @Test
  void interruptsPythonAndKeepsItsState() {
    CellRun run = python("x = 41\nprint('partial')\nimport time\ntime.sleep(60)", LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, false));
    assertThat(run.outcome().returnCode()).isEqualTo(124);
    assertThat(out(run)).isEqualTo("partial\n");
    assertThat(lastLine(err(run)))
        .isEqualTo(
            "detection_timeout: the cell ran past its limit of 600ms and was ended; the interpreter"
                + " and its variables survive");
    assertThat(run.wall()).isBetween(LIMIT, Duration.ofSeconds(10));
    assertThat(out(python("print(x + 1)"))).isEqualTo("42\n");
  }

  @Test
  void killsPythonThatIgnoresTheInterruptAndSaysSo() {
    CellRun run =
        python(
            """
            x = 1
            print('partial')
            import time
            while True:
                try:
                    time.sleep(60)
                except BaseException:
                    pass
            """,
            LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, true));
    assertThat(out(run)).isEqualTo("partial\n");
    assertThat(lastLine(err(run))).startsWith("detection_timeout: ").endsWith("were lost");
    assertThat(out(python("print('x' in globals())"))).isEqualTo("False\n");
  }

  @Test
  void killsOneLongCallIntoC() {
    CellRun run = python("sum(range(10**12))", LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, true));
  }

  @Test
  void endsAChildThatTheInterpreterWaitsFor() {
    CellRun run = python("x = 1\nimport subprocess\nsubprocess.run(['sleep', '60'])", LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, false));
    assertThat(out(bash("pgrep sleep; echo $?"))).isEqualTo("1\n");
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
  }

  @Test
  void endsBashAndWhatItStarted() {
    CellRun run = bash("echo partial; sleep 60; echo not reached", LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, false));
    assertThat(out(run)).isEqualTo("partial\n");
    assertThat(lastLine(err(run)))
        .isEqualTo("detection_timeout: the cell ran past its limit of 600ms and was ended");
    assertThat(out(bash("pgrep sleep; echo $?"))).isEqualTo("1\n");
  }

  @Test
  void killsBashThatIgnoresEverySignal() {
    CellRun run = bash("trap '' INT TERM HUP; while true; do sleep 0.1; done", LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, false));
  }

  @Test
  void endsAFreshCellAndKeepsTheInterpreter() {
    python("x = 1");
    CellRun run = fresh("print('partial')\nwhile True: pass", LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, false));
    assertThat(out(run)).isEqualTo("partial\n");
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
  }

  @Test
  void endsACellThatLeftItsProcessGroup() {
    CellRun run = bash("exec setsid -w sh -c 'trap \"\" INT; sleep 60'", LIMIT);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, false));
    assertThat(out(bash("pgrep sleep; echo $?"))).isEqualTo("1\n");
  }

  @Test
  void holdsACellToTheSandboxsOwnLimit() {
    Sandbox strict = fixture.open(ContainerId.next(), SandboxFixture.LIMITS.withCellLimit(LIMIT));
    try (strict) {
      CellRun run =
          SandboxFixture.run(
              strict, Language.BASH, InterpreterMode.FRESH, "sleep 60", Duration.ofSeconds(60));
      assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(LIMIT, false));
    }
  }

  @Test
  void cancelsACellWhoseThreadIsInterrupted() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CellProgram program =
        new CellProgram(
            Language.PYTHON,
            "x = 5\nprint('partial')\nimport time\ntime.sleep(60)",
            InterpreterMode.PERSISTENT,
            Duration.ofSeconds(60),
            Map.of(),
            SandboxFixture.outputDirectory());
    FutureTask<CellRun> task =
        new FutureTask<>(() -> {
          CellRun run = sandbox.run(program, (stream, text) -> running.countDown());
          assertThat(Thread.currentThread().isInterrupted()).isTrue();
          return run;
        });
    Thread thread = Thread.ofVirtual().start(task);
    assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
    thread.interrupt();
    CellRun run = task.get(20, TimeUnit.SECONDS);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Killed("cancelled", false));
    assertThat(out(run)).isEqualTo("partial\n");
    assertThat(lastLine(err(run))).startsWith("cancelled: ");
    assertThat(out(python("print(x)"))).isEqualTo("5\n");
  }

  @Test
  void endsTheCellWhenItsListenerFails() {
    CellProgram program =
        new CellProgram(
            Language.BASH,
            "echo one; sleep 60",
            InterpreterMode.FRESH,
            Duration.ofSeconds(60),
            Map.of(),
            SandboxFixture.outputDirectory());
    IllegalStateException failure = new IllegalStateException("nobody listens");
    assertThatThrownBy(() ->
            sandbox.run(
                program,
                (stream, text) -> {
                  throw failure;
                }))
        .isSameAs(failure);
    assertThat(out(bash("pgrep sleep; echo $?"))).isEqualTo("1\n");
  }

  private static String lastLine(String text) {
    return text.lines().reduce("", (before, line) -> line);
  }
}
