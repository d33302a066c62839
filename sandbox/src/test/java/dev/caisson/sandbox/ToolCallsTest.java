package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cells that call tools, from the code to the handler and back. */
class ToolCallsTest extends SharedSandboxes {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** What was asked at once, each time. */
  private final List<List<String>> batches = new ArrayList<>();

  @Test
  void aCallTakesADictAndReturnsAText() {
    CellRun run = cell("text = await look({'key': 'ä', 'n': [1, None]})\nprint(text, type(text))");
    assertThat(out(run)).isEqualTo("<look> <class 'str'>\n");
    assertThat(batches).containsExactly(List.of("look{\"key\": \"ä\", \"n\": [1, null]}"));
    assertThat(SandboxFixture.code(run)).isZero();
  }

  @Test
  void callsOneAfterAnotherGoOutOneByOne() {
    CellRun run = cell("for i in range(3):\n  print(await look({'i': i}))");
    assertThat(out(run)).isEqualTo("<look>\n<look>\n<look>\n");
    assertThat(batches)
        .containsExactly(
            List.of("look{\"i\": 0}"), List.of("look{\"i\": 1}"), List.of("look{\"i\": 2}"));
  }

  @Test
  void callsAtOnceGoOutAsOne() {
    CellRun run =
        cell(
            """
            import asyncio
            async def both(i):
                await asyncio.sleep(0)
                return await find({'i': i})
            print(await asyncio.gather(look({}), both(1), look({})))
            """);
    assertThat(out(run)).isEqualTo("['<look>', '<find>', '<look>']\n");
    assertThat(batches).containsExactly(List.of("look{}", "look{}", "find{\"i\": 1}"));
  }

  @Test
  void asyncioRunWorksAsWell() {
    CellRun run =
        cell(
            """
            import asyncio
            async def main():
                print(await asyncio.gather(look({}), find({})))
            asyncio.run(main())
            """);
    assertThat(out(run)).isEqualTo("['<look>', '<find>']\n");
    assertThat(batches).containsExactly(List.of("look{}", "find{}"));
  }

  @Test
  void aFreshProcessCallsToo() {
    CellRun run = cell(InterpreterMode.FRESH, "print(await look({}))", LIMIT, this::echo);
    assertThat(out(run)).isEqualTo("<look>\n");
  }

  @Test
  void variablesStayAndToolsGoWithTheCell() {
    cell("x = await look({})\nkept = look\nlook_again = lambda: look({})");
    CellRun plain = python("print(x, 'look' in globals())\nawait kept({})");
    assertThat(out(plain)).isEqualTo("<look> False\n");
    assertThat(err(plain))
        .endsWith(
            "RuntimeError: look(): the cell has ended, and with it the way" + " to call tools\n");
    CellRun next = cell("print(await kept({}), await look_again())");
    assertThat(out(next)).isEqualTo("<look> <look>\n");
  }

  @Test
  void aVariableOfAToolsNameComesBack() {
    python("look = 5");
    cell("print(await look({}))");
    assertThat(out(python("print(look)"))).isEqualTo("5\n");
  }

  @Test
  void failuresAreExceptions() {
    CellRun run =
        cell(
            """
            for f in look, find:
                try:
                    await f({})
                except Exception as problem:
                    print(type(problem).__name__, problem)
            await look({})
            """,
            call ->
                call.name().equals("look")
                    ? new CallAnswer.TimedOut("too late")
                    : new CallAnswer.Failed("no luck"));
    assertThat(out(run)).isEqualTo("TimeoutError too late\nRuntimeError no luck\n");
    assertThat(err(run))
        .isEqualTo(
            """
            Traceback (most recent call last):
              File "<cell 1>", line 6, in <module>
                await look({})
            TimeoutError: too late
            """);
    assertThat(SandboxFixture.code(run)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "look() | TypeError: look() takes one dict, the tool's input: await look({...})",
        "look('a') | TypeError: look() takes one dict, the tool's input: await look({...})",
        "look(a=1) | TypeError: look() takes one dict, the tool's input: await look({...})",
        "look({'a': {1}}) | TypeError: look(): the input is no JSON: Object of type set is not JSON"
            + " serializable",
        "look({'a': float('inf')}) | ValueError: look(): the input is no JSON: Out of range float"
            + " values are not JSON compliant",
        "look({'a': '\\ud800'}) | ValueError: look(): the input is no JSON: 'utf-8' codec can't"
            + " encode character '\\ud800' in position 7: surrogates not allowed",
        "look({'a': 'b' * 2**20}) | ValueError: look(): the input of 1048585 bytes is over the limit"
            + " of 1048576",
      })
  void whatIsNoInputIsSaidAtOnce(String example) {
    String[] parts = example.split(" \\| ", 2);
    CellRun run = cell("await " + parts[0]);
    assertThat(err(run)).endsWith("\n" + parts[1] + "\n");
    assertThat(batches).isEmpty();
  }

  @Test
  void manyCallsGoOutInPortions() {
    CellRun run =
        cell(
            """
            import asyncio
            print(len(await asyncio.gather(*[look({'i': i}) for i in range(300)])))
            """);
    assertThat(out(run)).isEqualTo("300\n");
    assertThat(batches).extracting(List::size).containsExactly(128, 128, 44);
  }

  @Test
  void longAnswersArriveWhole() {
    String text = "ä".repeat(6_000_000);
    CellRun run =
        cell(
            """
            import asyncio
            print([len(text) for text in await asyncio.gather(*[look({}) for _ in range(3)])])
            """,
            call -> new CallAnswer.Returned(text));
    assertThat(out(run)).isEqualTo("[6000000, 6000000, 6000000]\n");
  }

  @Test
  void longInputsGoOutInPortions() {
    CellRun run =
        cell(
            """
            import asyncio
            big = 'x' * 1_000_000
            print(len(await asyncio.gather(*[look({'big': big}) for _ in range(20)])))
            """);
    assertThat(out(run)).isEqualTo("20\n");
    assertThat(batches).extracting(List::size).containsExactly(8, 8, 4);
  }

  @Test
  void callsMadeWhileACellIsCancelledHoldNobodyUp() {
    // The first call's handler leaves the thread interrupted, so that the cancel overtakes a
    // second.
    CellRun run =
        cell(
            InterpreterMode.PERSISTENT,
            """
            import asyncio
            async def stubborn():
                while True:
                    try: await look({})
                    except BaseException: pass
            await stubborn()
            """,
            LIMIT,
            calls -> {
              if (batches.size() == 1) {
                Thread.currentThread().interrupt();
              } else {
                assertThat(batches).as("answered after the cancel").hasSizeLessThan(3);
              }
              return echo(calls);
            });
    assertThat(Thread.interrupted()).isTrue();
    assertThat(run.outcome().status()).isEqualTo("killed");
  }

  @Test
  void threadsCallAtOnce() {
    CellRun run =
        cell(
            """
            import asyncio, threading
            got = []
            def work(t):
                async def main():
                    for i in range(5):
                        got.append(await look({'t': t, 'i': i}))
                asyncio.run(main())
            threads = [threading.Thread(target=work, args=(t,)) for t in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(len(got))
            """);
    assertThat(err(run)).isEmpty();
    assertThat(out(run)).isEqualTo("20\n");
    assertThat(batches.stream().flatMap(List::stream)).hasSize(20).doesNotHaveDuplicates();
  }

  @Test
  void theClockStandsWhileCallsWait() {
    CellRun run =
        cell(
            InterpreterMode.PERSISTENT,
            "print(await look({}))\nwhile True: pass",
            Duration.ofMillis(700),
            calls -> {
              // Longer than limit, grace and second cut of a small test would be together.
              pass(Duration.ofMillis(1500));
              return echo(calls);
            });
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(Duration.ofMillis(700), false));
    assertThat(out(run)).isEqualTo("<look>\n");
    assertThat(run.wall()).isGreaterThan(Duration.ofMillis(2100));
  }

  @Test
  void anInterruptReachesCodeThatNeverAwaits() {
    CellRun run =
        cell(
            InterpreterMode.PERSISTENT,
            "import asyncio\nx = 1\nasync def main():\n  while True: pass\nasyncio.run(main())",
            Duration.ofMillis(600),
            this::echo);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.TimedOut(Duration.ofMillis(600), false));
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
  }

  @Test
  void aCellMayHaveHadAllItsTime() {
    CellRun run =
        cell(InterpreterMode.PERSISTENT, "x = 1\nawait look({})", LIMIT, calls -> Optional.empty());
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Killed("execution_time_exceeded", false));
    assertThat(err(run)).contains("execution_time_exceeded: ");
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
  }

  @Test
  void aCellThatWaitsCanBeCancelled() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    FutureTask<CellRun> task =
        new FutureTask<>(() ->
            cell(
                InterpreterMode.PERSISTENT,
                "x = 1\nawait look({})",
                LIMIT,
                calls -> {
                  waiting.countDown();
                  new CountDownLatch(1).await();
                  return Optional.empty();
                }));
    Thread thread = Thread.ofVirtual().start(task);
    assertThat(waiting.await(20, TimeUnit.SECONDS)).isTrue();
    thread.interrupt();
    CellRun run = task.get(20, TimeUnit.SECONDS);
    assertThat(run.outcome()).isEqualTo(new CellOutcome.Killed("cancelled", false));
    assertThat(out(python("print(x)"))).isEqualTo("1\n");
  }

  @Test
  void aCellThatEndsWhileItsCallsWaitTakesNoAnswers() {
    CellRun run =
        cell(
            InterpreterMode.PERSISTENT,
            """
            import threading, os
            threading.Timer(0.1, lambda: os._exit(7)).start()
            await look({})
            """,
            LIMIT,
            calls -> {
              pass(Duration.ofMillis(600));
              return echo(calls);
            });
    assertThat(SandboxFixture.code(run)).isEqualTo(7);
    assertThat(out(cell("print(await look({}))"))).isEqualTo("<look>\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage garbage garbage", // a length beyond all limits
        "\\x00\\x00\\x00\\x06\\x01\\x04evil", // a tool that is none of the cell's
        "\\x00\\x00\\x00\\x01\\x02", // a batch without calls
        "\\x00\\x00\\x00\\x01\\x09", // a frame of no kind
      })
  void whatForgesFramesLosesItsLineAndNothingElse(String bytes) {
    CellRun run =
        cell(
            """
            import os, stat
            lines = [fd for fd in range(3, 20) if os.path.exists('/proc/self/fd/%%d' %% fd)
                     and os.readlink('/proc/self/fd/%%d' %% fd).startswith('socket:')]
            for fd in lines:
                try: os.write(fd, b'%s')
                except OSError: pass
            import time; time.sleep(0.2)
            await look({})
            """
                .formatted(bytes));
    assertThat(batches).isEmpty();
    assertThat(err(run)).contains("the line to the tools is broken");
    assertThat(err(run)).contains("caisson: the code can call no tools any more: ");
    assertThat(out(cell("print(await look({}))"))).isEqualTo("<look>\n");
  }

  private CellRun cell(String code) {
    return cell(InterpreterMode.PERSISTENT, code, LIMIT, this::echo);
  }

  private CellRun cell(String code, Function<CellCall, CallAnswer> answer) {
    return cell(
        InterpreterMode.PERSISTENT,
        code,
        LIMIT,
        calls -> Optional.of(calls.stream().map(answer).toList()));
  }

  private CellRun cell(InterpreterMode mode, String code, Duration limit, CallHandler handler) {
    CellProgram program =
        new CellProgram(
            Language.PYTHON,
            code,
            mode,
            limit,
            Map.of(),
            SandboxFixture.outputDirectory(),
            List.of("look", "find"));
    return sandbox.run(
        program,
        OutputListener.NONE,
        calls -> {
          batches.add(calls.stream().map(call -> call.name() + call.input()).toList());
          return handler.answer(calls);
        });
  }

  private Optional<List<CallAnswer>> echo(List<CellCall> calls) {
    return Optional.of(
        calls.stream()
            .<CallAnswer>map(call -> new CallAnswer.Returned("<" + call.name() + ">"))
            .toList());
  }

  /** Lets time pass that the cell is measured in. */
  private static void pass(Duration duration) throws InterruptedException {
    new CountDownLatch(1).await(duration.toMillis(), TimeUnit.MILLISECONDS);
  }
}
