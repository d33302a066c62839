package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caisson.domain.CaissonException.ContainerExpired;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.CellStep;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.PendingCall;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cells that wait for tools of the client, between the requests that answer them. */
class SuspendableCellTest {
  private static final String REFERENCE = "srvtoolu_test";

  @TempDir Path root;
  private EngineFixture fixture;
  private ContainerId container;

  @BeforeEach
  void open() throws IOException {
    fixture = new EngineFixture(root);
    container = fixture.create().id();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void reopen(CallLimits limits) throws IOException {
    fixture.close();
    fixture = new EngineFixture(root, EngineFixture.SETTINGS.withCalls(limits));
  }

  @Test
  void aCellWaitsForEachBatchAndGoesOn() {
    SuspendableCell cell =
        start(
            """
            import asyncio
            one = await look({'n': 1})
            print(one, await asyncio.gather(look({'n': 2}), find({})))
            """);
    List<PendingCall> first = calls(cell.await());
    assertThat(first).extracting(PendingCall::name).containsExactly("look");
    assertThat(first.getFirst().id()).startsWith("toolu_");
    assertThat(first.getFirst().input()).isEqualTo("{\"n\": 1}");
    List<PendingCall> second = calls(resume(first));
    assertThat(second).extracting(PendingCall::name).containsExactly("look", "find");
    Cell ended = ended(resume(second));
    assertThat(ended.stdout().text()).isEqualTo("<look> ['<look>', '<find>']\n");
    assertThat(fixture.engine.cells().get(fixture.organization, container, ended.id()))
        .isEqualTo(ended);
    assertThat(fixture.python(container, "print(one)").stdout().text()).isEqualTo("<look>\n");
  }

  @Test
  void aCellThatCallsNothingJustEnds() {
    assertThat(ended(start("print(1)").await()).stdout().text()).isEqualTo("1\n");
  }

  @Test
  void theSameAnswersAgainChangeNothing() {
    List<PendingCall> first = calls(start("print(await look({}), await find({}))").await());
    List<PendingCall> second = calls(resume(first));
    assertThat(calls(resume(first))).isEqualTo(second);
    Cell ended = ended(resume(second));
    assertThat(ended.stdout().text()).isEqualTo("<look> <find>\n");
    assertThat(ended(resume(second))).isEqualTo(ended);
  }

  @Test
  void otherAnswersAreRefusedAndNothingIsAnswered() {
    List<PendingCall> calls =
        calls(start("import asyncio\nprint(await asyncio.gather(look({}), find({})))").await());
    for (List<PendingCall> wrong : List.of(calls.subList(0, 1), List.<PendingCall>of())) {
      assertThatThrownBy(() -> resume(wrong))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("waits for results of [" + calls.getFirst().id());
    }
    assertThat(ended(resume(calls)).stdout().text()).isEqualTo("['<look>', '<find>']\n");
  }

  @Test
  void whoHasNoSuchCellIsToldSo() {
    assertThatThrownBy(() -> resume(List.of()))
        .isInstanceOf(NotFound.class)
        .hasMessage("Cell `srvtoolu_test` not found.");
    List<PendingCall> calls = calls(start("await look({})").await());
    OrganizationId other = OrganizationId.next();
    assertThatThrownBy(() ->
            fixture
                .engine
                .cells()
                .resume(fixture.bill(other), container, REFERENCE, answers(calls)))
        .isInstanceOf(NotFound.class)
        .hasMessage("Container `" + container + "` not found.");
  }

  @Test
  void otherCellsWaitForTheirTurn() throws Exception {
    List<PendingCall> calls = calls(start("print(await look({}))").await());
    FutureTask<Cell> other = new FutureTask<>(() -> fixture.bash(container, "echo next"));
    Thread.ofVirtual().start(other);
    await().until(() -> fixture.waiting(container) == 1);
    // Files are not cells.
    fixture.write(container, "/tmp/beside", "x");
    ended(resume(calls));
    assertThat(other.get(20, TimeUnit.SECONDS).stdout().text()).isEqualTo("next\n");
  }

  @Test
  void callsThatNobodyAnswersTimeOutInTheCode() throws IOException {
    reopen(new CallLimits(Duration.ofMillis(1500), Duration.ofMinutes(1)));
    List<PendingCall> calls =
        calls(
            start(
                    """
                    try:
                        await look({})
                    except TimeoutError as late:
                        print(late)
                    """)
                .await());
    await().until(this::noCellRuns);
    assertThat(ended(resume(calls)).stdout().text())
        .isEqualTo("Calling tool ['look'] timed out (no response after 1.5s).\n");
  }

  @Test
  void anAnswerThatComesTooLateLeadsToTheNextStep() throws IOException {
    reopen(new CallLimits(Duration.ofMillis(2500), Duration.ofMinutes(1)));
    SuspendableCell cell =
        start(
            """
            try:
                await look({})
            except TimeoutError:
                print(await find({}))
            """);
    List<PendingCall> first = calls(cell.await());
    await().until(() -> !calls(cell.await()).equals(first));
    List<PendingCall> second = calls(resume(first));
    assertThat(second).extracting(PendingCall::name).containsExactly("find");
    assertThat(ended(resume(second)).stdout().text()).isEqualTo("<find>\n");
  }

  @Test
  void theWholeInvocationHasABound() throws IOException {
    reopen(new CallLimits(Duration.ofMinutes(1), Duration.ofSeconds(3)));
    List<PendingCall> calls = calls(start("x = 1\nwhile True: await look({})").await());
    await().until(this::noCellRuns);
    Cell ended = ended(resume(calls));
    assertThat(ended.outcome()).isEqualTo(new CellOutcome.Killed("execution_time_exceeded", false));
    assertThat(fixture.python(container, "print(x)").stdout().text()).isEqualTo("1\n");
  }

  @Test
  void whatBreaksTheRuleFailsInTheCodeAlone() {
    SuspendableCell strict =
        fixture
            .engine
            .cells()
            .start(
                fixture.bill(fixture.organization),
                container,
                CellSpec.python(
                        """
                        import asyncio
                        results = await asyncio.gather(
                            look({'bad': 1}), find({}), return_exceptions=True)
                        for result in results: print(type(result).__name__, result)
                        try: await look({'bad': 2})
                        except RuntimeError as alone: print(alone)
                        """)
                    .withFunctions(List.of("look", "find")),
                REFERENCE,
                input -> Optional.of("no luck").filter(complaint -> input.contains("bad")));
    List<PendingCall> good = calls(strict.await());
    assertThat(good).extracting(PendingCall::name).containsExactly("find");
    assertThat(ended(resume(good)).stdout().text())
        .isEqualTo("RuntimeError look(): no luck\nstr <find>\nlook(): no luck\n");
  }

  @Test
  void interruptingTheOneWhoWaitsCancelsTheCell() throws Exception {
    SuspendableCell cell = start("x = 1\nimport time\nprint(await look({}))\ntime.sleep(60)");
    List<PendingCall> calls = calls(cell.await());
    FutureTask<CellStep> task =
        new FutureTask<>(() -> {
          CellStep step = resume(calls);
          assertThat(Thread.currentThread().isInterrupted()).isTrue();
          return step;
        });
    Thread thread = Thread.ofVirtual().start(task);
    await().until(() -> thread.getState() == Thread.State.WAITING);
    thread.interrupt();
    assertThat(ended(task.get(20, TimeUnit.SECONDS)).outcome())
        .isEqualTo(new CellOutcome.Killed("cancelled", false));
  }

  @Test
  void deletingTheContainerEndsTheCell() {
    SuspendableCell cell = start("await look({})");
    List<PendingCall> calls = calls(cell.await());
    fixture.engine.containers().delete(fixture.organization, container);
    assertThat(ended(cell.await()).outcome())
        .isEqualTo(new CellOutcome.Killed("container_deleted", false));
    assertThatThrownBy(() -> resume(calls)).isInstanceOf(NotFound.class);
  }

  @Test
  void anExpiredContainerIsToldAsThat() {
    List<PendingCall> calls = calls(start("await look({})").await());
    fixture.clock.advance(Duration.ofDays(31));
    assertThatThrownBy(() -> resume(calls)).isInstanceOf(ContainerExpired.class);
  }

  @Test
  void anOrderlyEndOfTheServerEndsTheCell() throws IOException {
    List<PendingCall> calls = calls(start("print('before')\nawait look({})").await());
    reopen(CallLimits.DEFAULT);
    Cell ended = ended(resume(calls));
    assertThat(ended.outcome()).isEqualTo(new CellOutcome.Killed("server_stopped", false));
    assertThat(ended.stdout().text()).isEqualTo("before\n");
  }

  @Test
  void aPausedContainerIsNotReleasedAsIdle() {
    List<PendingCall> calls = calls(start("print(await look({}))").await());
    fixture.clock.advance(Duration.ofHours(1));
    fixture.engine.sweep();
    assertThat(ended(resume(calls)).stdout().text()).isEqualTo("<look>\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a-b", "1a", "class", "__import__", "a b", "é", "a\u0000"})
  void namesThatCodeCannotCallAreRefused(String name) {
    CellSpec spec = CellSpec.python("1").withFunctions(List.of(name));
    assertThatThrownBy(() -> start(spec))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageStartingWith("functions: '");
  }

  @Test
  void onlyPythonCallsTools() {
    CellSpec spec = CellSpec.bash("true").withFunctions(List.of("look"));
    assertThatThrownBy(() -> start(spec)).isInstanceOf(InvalidRequest.class);
    CellSpec python = CellSpec.python("1").withFunctions(List.of("look"));
    assertThatThrownBy(() -> fixture.run(container, python)).isInstanceOf(InvalidRequest.class);
  }

  private boolean noCellRuns() {
    return fixture.engine.warm().find(container).filter(one -> one.hasCells()).isEmpty();
  }

  private SuspendableCell start(String code) {
    return start(CellSpec.python(code).withFunctions(List.of("look", "find")));
  }

  private SuspendableCell start(CellSpec spec) {
    return fixture
        .engine
        .cells()
        .start(fixture.bill(fixture.organization), container, spec, REFERENCE, InputRule.ANY);
  }

  private CellStep resume(List<PendingCall> calls) {
    return fixture
        .engine
        .cells()
        .resume(fixture.bill(fixture.organization), container, REFERENCE, answers(calls))
        .await();
  }

  private static Map<String, CallAnswer> answers(List<PendingCall> calls) {
    Map<String, CallAnswer> answers = new LinkedHashMap<>();
    calls.forEach(call -> answers.put(call.id(), new CallAnswer.Returned("<" + call.name() + ">")));
    return answers;
  }

  private static List<PendingCall> calls(CellStep step) {
    assertThat(step).isInstanceOf(CellStep.Waiting.class);
    return ((CellStep.Waiting) step).calls();
  }

  private static Cell ended(CellStep step) {
    assertThat(step).isInstanceOf(CellStep.Ended.class);
    return ((CellStep.Ended) step).cell();
  }
}
