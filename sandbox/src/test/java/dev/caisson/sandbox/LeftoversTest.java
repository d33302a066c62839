package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What cells leave behind, take too much of, or do to themselves. */
class LeftoversTest extends SharedSandboxes {
  private static final String NOBODY_ELSE =
      "for d in /proc/[0-9]*; do read -r _ name _ < $d/stat && echo $name; done 2>/dev/null"
          + " | grep -c -E 'sleep|spin'";

  @Test
  void endsBackgroundProcesses() {
    bash("sleep 60 & sleep 61 & disown; echo started");
    assertThat(out(bash(NOBODY_ELSE))).isEqualTo("0\n");
  }

  @Test
  void endsADaemonThatForkedTwice() {
    python(
        """
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv('/bin/sleep', ['sleep', '60'])
            os._exit(0)
        os.wait()
        """);
    assertThat(out(bash(NOBODY_ELSE))).isEqualTo("0\n");
  }

  @Test
  void endsAProcessWhoseFirstThreadHasEnded() {
    bash(
        """
        python3 -c 'if True:
            import ctypes, threading
            threading.Thread(target=threading.Event().wait).start()
            ctypes.CDLL(None).pthread_exit(None)' & echo $! > pid
        until grep -q "State:.Z" /proc/$!/status; do :; done
        """);
    assertThat(out(bash("[ -e /proc/$(cat pid) ] || echo ended"))).isEqualTo("ended\n");
  }

  @Test
  void keepsThreadsOfTheInterpreterAlive() {
    python(
        """
        import threading, time
        go = threading.Event()
        done = []
        thread = threading.Thread(target=lambda: (go.wait(), done.append(1)))
        thread.start()
        """);
    assertThat(out(python("go.set()\nthread.join()\nprint(done)"))).isEqualTo("[1]\n");
  }

  @Test
  void keepsOutputOfALeftoverOutOfTheNextCell() {
    bash("(while true; do echo leak; sleep 0.01; done) & echo first");
    python(
        "import subprocess\np = subprocess.Popen(['sh', '-c', 'while true; do echo leak; done'])");
    assertThat(out(bash("sleep 0.1; echo second"))).isEqualTo("second\n");
    assertThat(out(python("print('third')"))).isEqualTo("third\n");
  }

  @Test
  void survivesKillOfEverything() {
    python("x = 1");
    CellRun run = bash("kill -9 -1; echo survived");
    assertThat(run.outcome()).isInstanceOf(CellOutcome.Completed.class);
    assertThat(err(run)).contains("interpreter_lost: ");
    assertThat(out(bash("echo next"))).isEqualTo("next\n");
    assertThat(out(python("print('x' in globals())"))).isEqualTo("False\n");
  }

  @Test
  void keepsWhatServesFilesOutOfReachOfCells() {
    assumeTrue(walls == Walls.ROOT, "rootless, guest and cells are one user");
    python(
        """
        import os, signal, threading

        def hunt():
            while True:
                for name in os.listdir('/proc'):
                    if name.isdigit() and int(name) not in (1, os.getpid()):
                        try:
                            os.kill(int(name), signal.SIGSTOP)
                            os.kill(int(name), signal.SIGKILL)
                        except OSError:
                            pass

        threading.Thread(target=hunt, daemon=True).start()
        """);
    for (int i = 0; i < 20; i++) {
      InputStream content = new ByteArrayInputStream("kept".getBytes(StandardCharsets.UTF_8));
      assertThat(sandbox.write("/tmp/kept", content).sizeBytes()).isEqualTo(4);
    }
    python("os._exit(0)");
    assertThat(out(bash("stat -c '%u %g %a' /tmp/kept"))).isEqualTo("1000 1000 644\n");
  }

  @Test
  void goesOnWhenAllDescriptorsOfTheInterpreterAreTaken() {
    CellRun greedy = python("kept = []\nwhile True: kept.append(open('/dev/null'))");
    assertThat(err(greedy)).contains("Too many open files").doesNotContain("interpreter_lost");
    assertThat(out(python("print(len(kept) > 900)"))).isEqualTo("True\n");
    python("kept.clear(); import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))");
    CellRun starved = python("print('never')");
    assertThat(starved.outcome()).isEqualTo(new CellOutcome.Completed(1));
    assertThat(err(starved)).contains("interpreter_lost: ");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void survivesACellThatKillsItsOwnGroup() {
    assertThat(bash("kill -9 0").outcome()).isEqualTo(new CellOutcome.Completed(137));
    assertThat(bash("kill -TERM $$").outcome()).isEqualTo(new CellOutcome.Completed(143));
    CellRun run = python("import os\nos.killpg(0, 9)");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(137));
    assertThat(err(run)).contains("interpreter_lost: ");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void survivesAForkBomb() {
    CellRun run = bash("bomb() { bomb | bomb & }; bomb; sleep 1; echo bombed");
    assertThat(run.outcome()).isInstanceOf(CellOutcome.class);
    assertThat(out(bash("echo next"))).isEqualTo("next\n");
    assertThat(out(bash("ls -d /proc/[0-9]* | wc -l")).strip()).isIn("3", "4", "5");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void stopsAtTheLimitOfProcesses() {
    CellRun run =
        fresh(
            """
            import os, signal
            count = 0
            try:
                while count < 500:
                    if os.fork() == 0:
                        signal.pause()
                    count += 1
            except OSError:
                pass
            print(count)
            """);
    assertThat(Integer.parseInt(out(run).strip())).isBetween(16, SandboxFixture.LIMITS.processes());
  }

  @Test
  void reportsACellThatWentOverItsMemory() {
    python("x = 1");
    CellRun run =
        python("b = bytearray(1 << 20)\nbig = [bytearray(b'x' * (1 << 24)) for _ in range(64)]");
    if (walls == Walls.ROOT) {
      assertThat(run.outcome()).isEqualTo(new CellOutcome.Killed("out_of_memory", true));
      assertThat(err(run))
          .contains("out_of_memory: the cell went over the container's memory limit of 256MiB");
    } else {
      assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(1));
      assertThat(err(run)).contains("MemoryError");
    }
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
    assertThat(sandbox.isAlive()).isTrue();
  }

  @Test
  void servesFilesWhileACellHoldsAllItsProcesses() throws Exception {
    CellProgram program =
        new CellProgram(
            Language.PYTHON,
            """
            import os, signal, time
            count = 0
            try:
                while True:
                    if os.fork() == 0:
                        signal.pause()
                    count += 1
            except OSError:
                print('full')
            while not os.path.exists('/tmp/go'):
                time.sleep(0.01)
            print(count)
            """,
            InterpreterMode.FRESH,
            Duration.ofSeconds(20),
            Map.of(),
            SandboxFixture.outputDirectory());
    CellRun run =
        sandbox.run(
            program,
            (stream, text) -> {
              if (text.equals("full\n")) {
                assertThat(sandbox.list("/files")).hasSize(2);
                sandbox.write("/tmp/go", InputStream.nullInputStream());
              }
            });
    int count = Integer.parseInt(out(run).lines().toList().getLast());
    assertThat(count).isBetween(16, SandboxFixture.LIMITS.processes());
  }

  @Test
  void makesRoomWhenThreadsOfTheInterpreterHoldAllProcesses() {
    python(
        """
        import threading
        try:
            while True:
                threading.Thread(target=threading.Event().wait, daemon=True).start()
        except RuntimeError:
            pass
        """);
    CellRun run = bash("echo next");
    assertThat(out(run)).isEqualTo("next\n");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void sharesOneProcessorAmongItsProcesses() {
    CellRun run =
        bash(
            "spin() { /usr/bin/python3 -S -c 'import time; e = time.time() + 1.5\nwhile time.time() < e:"
                + " pass'; }; spin & spin & wait");
    if (walls == Walls.ROOT) {
      // Two spinners on two processors would take twice the wall time.
      assertThat(run.cpu().toMillis()).isLessThan(run.wall().toMillis() * 13 / 10);
    }
    assertThat(run.cpu()).isGreaterThan(Duration.ofMillis(300));
  }

  @Test
  void runsCellsOfAContainerThatClosedItsOwnHome() {
    bash("chmod 000 ~ /tmp $OUTPUT_DIR /files/output");
    CellRun run = bash("pwd; chmod 755 ~");
    assertThat(out(run)).isEqualTo("/\n");
    assertThat(err(run)).contains("$OUTPUT_DIR could not be made");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void leavesRoomForTheGuestWhenMemoryFilesystemsAreFull() {
    CellRun run =
        bash(
            "head -c 500M /dev/zero > /dev/shm/a; echo $?; head -c 500M /dev/zero > /run/b; echo $?");
    assertThat(out(run)).doesNotContain("0\n");
    assertThat(out(bash("echo next"))).isEqualTo("next\n");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void givesAFreshSandboxAfterTheOldOneDied() {
    ContainerId container = ContainerId.next();
    Sandbox first = fixture.open(container);
    bashIn(first, "echo kept > /tmp/a");
    first.close();
    assertThat(first.isAlive()).isFalse();
    CellRun run = bashIn(first, "echo 1");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Killed("sandbox_died", true));
    try (Sandbox second = fixture.open(container)) {
      assertThat(out(bashIn(second, "cat /tmp/a"))).isEqualTo("kept\n");
      first.close();
      assertThat(second.isAlive()).isTrue();
    }
  }

  @Test
  void endsAnEarlierSandboxOfTheSameContainer() {
    ContainerId container = ContainerId.next();
    try (Sandbox first = fixture.open(container);
        Sandbox second = fixture.open(container)) {
      assertThat(out(bashIn(second, "echo 2"))).isEqualTo("2\n");
      assertThat(first.isAlive()).isFalse();
      assertThat(second.isAlive()).isTrue();
    }
  }

  @Test
  void limitsTheSizeOfAFile() {
    Sandbox small =
        fixture.open(ContainerId.next(), SandboxFixture.LIMITS.withDisk(ByteSize.ofMebibytes(1)));
    try (small) {
      CellRun run = bashIn(small, "head -c 5M /dev/zero > /tmp/a; stat -c %s /tmp/a");
      assertThat(out(run)).isEqualTo("1048576\n");
    }
  }

  private static CellRun bashIn(Sandbox sandbox, String code) {
    return SandboxFixture.run(
        sandbox, Language.BASH, InterpreterMode.FRESH, code, Duration.ofSeconds(20));
  }
}
