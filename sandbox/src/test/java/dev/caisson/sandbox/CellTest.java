package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputListener;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How cells run: languages, interpreter state, environment, codes. */
class CellTest extends SharedSandboxes {
  @Test
  void keepsVariablesFromCellToCell() {
    assertThat(out(python("x = 20\nprint(x + 1)"))).isEqualTo("21\n");
    assertThat(out(python("print(x + 2)"))).isEqualTo("22\n");
  }

  @Test
  void runsAFreshCellWithoutTheVariablesOfOthers() {
    python("x = 20");
    assertThat(out(fresh("print('x' in globals(), __name__)"))).isEqualTo("False __main__\n");
  }

  @Test
  void findsItsLimitsWhereProgramsLookForTheMachine() {
    assertThat(
            out(
                fresh(
                    """
                    import os, subprocess
                    total = open("/proc/meminfo").readline().split()
                    print(total[0], int(total[1]) >> 10, "MiB")
                    print(os.cpu_count())
                    print(open("/proc/cpuinfo").read().count("processor"))
                    print(sum(line.startswith("cpu") for line in open("/proc/stat")))
                    """)))
        .isEqualTo("MemTotal: 256 MiB\n1\n1\n2\n");
    assertThat(out(bash("nproc; free -m | awk '/Mem/{print $2, $7}'"))).isEqualTo("1\n256 256\n");
  }

  @Test
  void doesNotEchoTheLastExpression() {
    assertThat(out(python("1 + 1"))).isEmpty();
  }

  @Test
  void givesBashItsOwnCodesAndStreams() {
    CellRun run = bash("echo out; echo err >&2; exit 7");
    assertThat(out(run)).isEqualTo("out\n");
    assertThat(err(run)).isEqualTo("err\n");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(7));
  }

  @Test
  void namesTheLineOfABashError() {
    assertThat(err(bash("echo\nno-such-command"))).contains("bash: line 2: no-such-command");
  }

  @Test
  void endsWithTheCodeOfSysExitAndKeepsTheInterpreter() {
    assertThat(python("x = 1\nimport sys\nsys.exit(3)").outcome())
        .isEqualTo(new CellOutcome.Completed(3));
    CellRun text = python("sys.exit('why')");
    assertThat(text.outcome()).isEqualTo(new CellOutcome.Completed(1));
    assertThat(err(text)).isEqualTo("why\n");
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
    assertThat(fresh("import sys; sys.exit(4)").outcome()).isEqualTo(new CellOutcome.Completed(4));
  }

  @Test
  void saysThatTheInterpreterIsLostWhenItExits() {
    python("x = 1");
    CellRun run = python("import os\nprint('before', flush=True)\nos._exit(5)");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(5));
    assertThat(out(run)).isEqualTo("before\n");
    assertThat(err(run)).startsWith("interpreter_lost: ");
    assertThat(out(python("print('x' in globals())"))).isEqualTo("False\n");
  }

  @Test
  void showsSourceLinesOfTheCellInTracebacks() {
    CellRun run = python("def f():\n    raise ValueError('bad')\nf()");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(1));
    assertThat(err(run))
        .startsWith("Traceback (most recent call last):\n  File \"<cell 1>\", line 3")
        .contains("raise ValueError('bad')")
        .doesNotContain("caisson_cell");
    CellRun fresh = fresh("def f():\n    raise ValueError('bad')\nf()");
    assertThat(fresh.outcome()).isEqualTo(new CellOutcome.Completed(1));
    assertThat(err(fresh))
        .contains("File \"<cell>\", line 2, in f\n    raise ValueError('bad')")
        .doesNotContain("caisson_cell");
  }

  @Test
  void showsSourceLinesToCodeThatFormatsItsOwnTracebacks() {
    String code =
        """
        try:
            raise ValueError('bad')
        except ValueError:
            import traceback
            print(traceback.format_exc())
        """;
    assertThat(out(python(code))).contains("    raise ValueError('bad')\n");
    assertThat(out(python("# later\n" + code))).contains("line 3", "    raise ValueError('bad')\n");
    assertThat(out(fresh(code))).contains("    raise ValueError('bad')\n");
  }

  @Test
  void showsTheOldCellsLinesForAFunctionOfAnOldCell() {
    python("def f():\n    raise ValueError('first')");
    python("# another\n# cell\n");
    assertThat(err(python("f()"))).contains("raise ValueError('first')");
  }

  @Test
  void reportsSyntaxErrorsWithTheirLine() {
    CellRun run = python("x = 1\nif x\n");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(1));
    assertThat(err(run)).contains("<cell 1>", "line 2", "if x", "SyntaxError");
  }

  @Test
  void setsTheEnvironmentOfOneCellOnly() {
    CellProgram with =
        new CellProgram(
            Language.PYTHON,
            "import os\nprint(os.environ['GREETING'])\nos.environ['OWN'] = 'kept'",
            InterpreterMode.PERSISTENT,
            Duration.ofSeconds(10),
            Map.of("GREETING", "a=b\nc"),
            SandboxFixture.outputDirectory());
    assertThat(out(sandbox.run(with, OutputListener.NONE))).isEqualTo("a=b\nc\n");
    assertThat(out(python("print('GREETING' in os.environ, os.environ['OWN'])")))
        .isEqualTo("False kept\n");
    assertThat(out(bash("echo ${GREETING-none} ${OWN-none}"))).isEqualTo("none none\n");
  }

  @Test
  void refusesVariablesThatNoEnvironmentCanHold() {
    for (String name : new String[] {"", "A=B", "A\0B"}) {
      assertThatThrownBy(() -> sandbox.run(withVariable(name, "x"), OutputListener.NONE))
          .isInstanceOf(CaissonException.InvalidRequest.class)
          .hasMessageStartingWith("env: ");
    }
    assertThatThrownBy(() -> sandbox.run(withVariable("A", "\0"), OutputListener.NONE))
        .isInstanceOf(CaissonException.InvalidRequest.class);
  }

  private static CellProgram withVariable(String name, String value) {
    return new CellProgram(
        Language.BASH,
        "true",
        InterpreterMode.FRESH,
        Duration.ofSeconds(10),
        Map.of(name, value),
        SandboxFixture.outputDirectory());
  }

  @Test
  void startsEveryCellInTheHomeDirectory() {
    python("import os\nos.chdir('/tmp')");
    assertThat(out(python("print(os.getcwd())"))).isEqualTo("/home/user\n");
    assertThat(out(bash("pwd"))).isEqualTo("/home/user\n");
    assertThat(out(fresh("import os; print(os.getcwd())"))).isEqualTo("/home/user\n");
  }

  @Test
  void importsModulesFromTheWorkingDirectory() {
    bash("echo 'value = 7' > helper.py");
    assertThat(out(python("import helper; print(helper.value)"))).isEqualTo("7\n");
    assertThat(out(fresh("import helper; print(helper.value)"))).isEqualTo("7\n");
  }

  @Test
  void findsNothingOnStandardInput() {
    assertThat(out(bash("wc -c; read x; echo $?"))).isEqualTo("0\n1\n");
    assertThat(out(python("import sys; print(repr(sys.stdin.read()))"))).isEqualTo("''\n");
    assertThat(err(python("input()"))).contains("EOFError");
  }

  @Test
  void worksAfterACellClosedItsStreams() {
    python("import sys, os\nsys.stdin.close()\nos.close(0)\nsys.stdout = None\nos.close(1)");
    assertThat(out(python("print('still here')"))).isEqualTo("still here\n");
  }

  @Test
  void runsCodeOfAMebibyte() {
    String padding = "# " + "x".repeat(77) + "\n";
    String filler = padding.repeat((1 << 20) / padding.length());
    assertThat(out(python(filler + "print('end')"))).isEqualTo("end\n");
    assertThat(out(fresh(filler + "print('end')"))).isEqualTo("end\n");
    CellRun run = bash(filler + "echo end; exit 3");
    assertThat(out(run)).isEqualTo("end\n");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(3));
  }

  @Test
  void runsCodeWithAnyCharacter() {
    assertThat(out(python("print('héllo \uD83D\uDE00')"))).isEqualTo("héllo \uD83D\uDE00\n");
    assertThat(out(bash("echo 'héllo \uD83D\uDE00'"))).isEqualTo("héllo \uD83D\uDE00\n");
    assertThat(python("x = '\0'").outcome()).isEqualTo(new CellOutcome.Completed(1));
  }

  @Test
  void refusesCodeThatNoProgramCanHold() {
    assertThatThrownBy(() -> bash("echo \0"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("NUL");
    assertThatThrownBy(() -> python("x = '\uD800'"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("surrogate");
  }

  @Test
  void listsPlainFilesAsOutputsAndNamesTheRest() {
    CellRun run =
        bash(
            "cd $OUTPUT_DIR; echo 1 > b; echo 2 > 'a\nline'; mkdir d; ln -s b link; echo 3 > two;"
                + " ln two three; mkfifo pipe");
    assertThat(run.outputs()).containsExactly("a\nline", "b");
    assertThat(err(run))
        .contains("$OUTPUT_DIR/d is a directory")
        .contains("$OUTPUT_DIR/link is a symbolic link")
        .contains("$OUTPUT_DIR/two is a file with 2 links")
        .contains("$OUTPUT_DIR/pipe is no regular file");
  }

  @Test
  void removesAnEmptyOutputDirectory() {
    assertThat(bash("echo $OUTPUT_DIR > /tmp/where").outputs()).isEmpty();
    assertThat(out(bash("ls -d $(cat /tmp/where) 2>/dev/null; ls -d $OUTPUT_DIR | wc -l")))
        .isEqualTo("1\n");
  }

  @Test
  void collectsOutputsOfADirectoryThatWasClosed() {
    CellRun run = bash("echo 1 > $OUTPUT_DIR/a; chmod 000 $OUTPUT_DIR");
    assertThat(run.outputs()).isEmpty();
    CellRun swapped = bash("rmdir $OUTPUT_DIR; ln -s /etc $OUTPUT_DIR");
    assertThat(swapped.outputs()).isEmpty();
  }

  @Test
  void measuresWallAndProcessorTime() {
    CellRun run =
        python("import time\nt = time.process_time()\nwhile time.process_time() < t + 0.3: pass");
    assertThat(run.cpu()).isBetween(Duration.ofMillis(250), Duration.ofSeconds(5));
    assertThat(run.wall()).isGreaterThanOrEqualTo(Duration.ofMillis(250));
    CellRun child =
        bash("/usr/bin/python3 -c \"\nimport time\nwhile time.process_time() < 0.3: pass\"");
    assertThat(child.cpu()).isBetween(Duration.ofMillis(250), Duration.ofSeconds(5));
    assertThat(bash("sleep 0.3").cpu()).isLessThan(Duration.ofMillis(250));
  }

  @Test
  void keepsAForkedChildFromAnsweringForItsParent() {
    CellRun run =
        python(
            "import os\nif os.fork() == 0:\n    print('child')\nelse:\n    os.wait()\n    print('parent')");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(0));
    assertThat(out(run)).isEqualTo("child\nparent\n");
    assertThat(out(python("print('next')"))).isEqualTo("next\n");
  }

  @Test
  void runsAnotherProgramInPlaceOfItself() {
    assertThat(out(bash("exec echo replaced"))).isEqualTo("replaced\n");
    python("x = 1");
    CellRun run = python("import os\nos.execv('/bin/sh', ['sh', '-c', 'echo replaced; exit 9'])");
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(9));
    assertThat(out(run)).isEqualTo("replaced\n");
    assertThat(err(run)).contains("interpreter_lost: ");
    assertThat(out(python("print('x' in globals())"))).isEqualTo("False\n");
  }

  @Test
  void usesMultiprocessingAndAsyncio() {
    CellRun run =
        python(
            """
            import asyncio, multiprocessing
            async def double(n):
                await asyncio.sleep(0)
                return 2 * n
            print(asyncio.run(double(4)))
            with multiprocessing.get_context('fork').Pool(2) as pool:
                print(pool.map(abs, [-1, -2]))
            """);
    assertThat(err(run)).isEmpty();
    assertThat(out(run)).isEqualTo("8\n[1, 2]\n");
  }
}
