package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caisson.domain.BillingRule;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.CellStep;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.PendingCall;
import dev.caisson.domain.Requester;
import dev.caisson.domain.RunId;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageFilter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What real cells cost, by a clock that only the test moves. */
class LedgerTest {
  private static final long MINIMUM = Tariff.DEFAULT.minimum().toMillis();
  private static final String REFERENCE = "srvtoolu_test";

  @TempDir Path root;
  private EngineFixture fixture;
  private Engine engine;
  private ContainerId container;

  @BeforeEach
  void open() throws IOException {
    open(EngineFixture.SETTINGS);
  }

  private void open(EngineSettings settings) throws IOException {
    fixture = new EngineFixture(root, settings);
    engine = fixture.engine;
    container = fixture.create().id();
  }

  private void reopen(EngineSettings settings) throws IOException {
    fixture.close();
    open(settings);
  }

  @AfterEach
  void close() {
    assertThat(engine.ledger().reports().verify(fixture.organization).problem()).isEmpty();
    fixture.close();
  }

  @Test
  void aCellByItselfIsARequest() {
    Requester requester = new Requester("req_1", fixture.organization, Optional.of(KeyId.next()));
    Cell cell =
        engine
            .cells()
            .run(requester, container, CellSpec.bash("echo"), passing(Duration.ofMinutes(7)));
    LedgerRow row = onlyRow();
    assertThat(row.charge().requester()).isEqualTo(requester);
    assertThat(row.charge().container()).isEqualTo(container);
    assertThat(row.charge().toolRan()).isTrue();
    assertThat(row.charge().cells()).isEqualTo(1);
    assertThat(row.charge().cpu()).isEqualTo(cell.cpu());
    assertThat(row.charge().executionMillis()).isEqualTo(7 * 60_000);
    assertThat(row.price().billedMillis()).isEqualTo(7 * 60_000);
    assertThat(row.price().rule()).isEqualTo(BillingRule.REQUEST_MINIMUM);
    assertThat(row.recordedAt()).isEqualTo(fixture.clock.instant());
  }

  @Test
  void idleTimeBetweenRequestsIsNotBilled() {
    fixture.bash(container, "true");
    pass(Duration.ofHours(1));
    fixture.bash(container, "true");
    assertThat(rows()).extracting(row -> row.charge().intervals().millis()).containsExactly(0L, 0L);
    assertThat(billed()).containsExactly(MINIMUM, MINIMUM);
  }

  @Test
  void aMessageIsBilledFromItsFirstCellToItsLast() {
    Billing billing = message(false);
    run(billing, Duration.ofMinutes(2));
    pass(Duration.ofMinutes(4)); // the model thinks
    run(billing, Duration.ofMinutes(3));
    pass(Duration.ofMinutes(30)); // and writes its answer
    assertThat(rows()).isEmpty();
    billing.close();
    billing.close();
    LedgerRow row = onlyRow();
    assertThat(row.charge().cells()).isEqualTo(2);
    assertThat(row.charge().executionMillis()).isEqualTo(5 * 60_000);
    assertThat(row.charge().aloneMillis()).isEqualTo(2 * MINIMUM);
    assertThat(row.price().billedMillis()).isEqualTo(9 * 60_000);
  }

  @Test
  void timeInWhichTheContainerWasGivenUpIsNotBilled() {
    Billing billing = message(false);
    run(billing, Duration.ofMinutes(2));
    pass(Duration.ofMinutes(20));
    fixture.clock.advance(Duration.ofMinutes(20));
    engine.sweep();
    assertThat(engine.warm().find(container)).isEmpty();
    run(billing, Duration.ofMinutes(4));
    billing.close();
    assertThat(billed()).containsExactly(6 * 60_000L);
  }

  @Test
  void overlappingTimeIsBilledOnce() {
    Billing billing = message(false);
    run(billing, Duration.ofMinutes(6));
    engine
        .cells()
        .run(
            fixture.organization, container, CellSpec.bash("echo"), passing(Duration.ofMinutes(8)));
    run(billing, Duration.ofMinutes(6));
    billing.close();
    assertThat(billed()).containsExactly(8 * 60_000L, 12 * 60_000L);
  }

  @Test
  void waitsForToolsOfTheClientAreNotBilled() {
    Billing first = message(false);
    List<PendingCall> calls = calls(start(first, "print(await look({}))").await());
    first.close();
    pass(Duration.ofMinutes(4));
    Billing second = message(false);
    CellStep end = engine.cells().resume(second, container, REFERENCE, answers(calls)).await();
    second.close();
    assertThat(end).isInstanceOf(CellStep.Ended.class);
    assertThat(rows()).extracting(row -> row.charge().intervals().millis()).containsExactly(0L, 0L);
    assertThat(rows())
        .extracting(row -> row.charge().requester())
        .containsExactly(first.requester(), second.requester());
    assertThat(billed()).as("one request to the bill").containsExactly(MINIMUM, 0L);
  }

  @Test
  void codeThatGoesOnWithoutItsRequestIsBilledToItStill() throws IOException {
    reopen(
        EngineFixture.SETTINGS.withCalls(
            new CallLimits(Duration.ofMillis(300), Duration.ofHours(1))));
    Billing billing = message(false);
    calls(
        start(
                billing,
                """
                try: await look({})
                except Exception as e: print(e)
                """)
            .await());
    billing.close();
    await().until(() -> rows().size() == 2);
    assertThat(rows())
        .extracting(row -> row.charge().requester())
        .containsOnly(billing.requester());
    assertThat(billed()).containsExactly(MINIMUM, 0L);
  }

  @Test
  void theCellsOfARunAreOneRequest() {
    RunId run = RunId.next();
    for (int minutes : new int[] {1, 3, 4}) {
      engine
          .cells()
          .run(
              fixture.organization,
              container,
              CellSpec.bash("echo").withRun(run),
              passing(Duration.ofMinutes(minutes)));
      pass(Duration.ofMinutes(1)); // the runner looks at what came out
    }
    assertThat(rows()).extracting(row -> row.charge().run()).containsOnly(Optional.of(run));
    assertThat(billed()).containsExactly(MINIMUM, 0L, 5 * 60_000L);
  }

  @Test
  void theMinimumCanBeOnceForAWarmPeriod() throws IOException {
    reopen(EngineFixture.SETTINGS.withTariff(Tariff.DEFAULT.withScope(MinimumScope.CONTAINER)));
    fixture.bash(container, "true");
    fixture.bash(container, "true");
    fixture.clock.advance(Duration.ofMinutes(20));
    engine.sweep();
    fixture.bash(container, "true");
    assertThat(billed()).containsExactly(MINIMUM, 0L, MINIMUM);
    assertThat(rows().getLast().price().rule()).isEqualTo(BillingRule.CONTAINER_MINIMUM);
  }

  @Test
  void filesThatAreBroughtAreBilledThoughNothingRuns() {
    StoredFile file = fixture.upload("a.txt", "four");
    ContainerId made = fixture.createWith(file).id();
    LedgerRow row = onlyRow();
    assertThat(row.charge().container()).isEqualTo(made);
    assertThat(row.charge().attachedFiles()).isEqualTo(1);
    assertThat(row.charge().attachedBytes()).isEqualTo(4);
    assertThat(row.charge().toolRan()).isFalse();
    assertThat(row.price().rule()).isEqualTo(BillingRule.ATTACHED_FILES);
    assertThat(row.price().billedMillis()).isEqualTo(MINIMUM);
  }

  @Test
  void aMessageWithFilesIsOneRowWhetherOrNotItRuns() {
    StoredFile file = fixture.upload("a.txt", "four");
    Billing idle = message(false);
    engine.containers().mount(idle, container, List.of(file.id()));
    idle.close();
    Billing busy = message(false);
    engine.containers().mount(busy, container, List.of(file.id()));
    run(busy, Duration.ofMinutes(6));
    busy.close();
    assertThat(rows())
        .extracting(row -> row.price().rule())
        .containsExactly(BillingRule.ATTACHED_FILES, BillingRule.REQUEST_MINIMUM);
    assertThat(billed()).containsExactly(MINIMUM, 6 * 60_000L);
  }

  @Test
  void whatFailedBeforeAnythingRanCostsNothing() {
    StoredFile file = fixture.upload("a.txt", "four");
    Billing billing = message(false);
    engine.containers().mount(billing, container, List.of(file.id()));
    engine.ledger().endQuietly(billing);
    assertThatThrownBy(
            () -> fixture.run(container, CellSpec.bash("true").withTimeout(Duration.ofDays(1))))
        .isInstanceOf(InvalidRequest.class);
    message(false).close();
    assertThat(rows()).isEmpty();
  }

  @Test
  void whatFailedAfterSomethingRanIsBilled() {
    Billing billing = message(false);
    run(billing, Duration.ofMinutes(6));
    engine.ledger().endQuietly(billing);
    assertThat(billed()).containsExactly(6 * 60_000L);
  }

  @Test
  void aCellThatIsCutOffIsBilled() {
    Cell cell =
        fixture.run(container, CellSpec.bash("sleep 60").withTimeout(Duration.ofMillis(300)));
    assertThat(cell.outcome()).isInstanceOf(CellOutcome.TimedOut.class);
    assertThat(billed()).containsExactly(MINIMUM);
  }

  @Test
  void editsOfARequestAreBilledAndOthersAreNot() throws IOException {
    fixture.write(container, "/tmp/a", "free");
    Billing billing = message(false);
    engine.workspaces().billedTo(billing).list(fixture.organization, container, "/tmp");
    billing.close();
    LedgerRow row = onlyRow();
    assertThat(row.charge().toolRan()).isTrue();
    assertThat(row.charge().cells()).isZero();
    assertThat(billed()).containsExactly(MINIMUM);
  }

  @Test
  void besideAWebToolNothingIsBilledAndNothingIsCovered() {
    Billing exempt = message(true);
    run(exempt, Duration.ofMinutes(6));
    engine
        .cells()
        .run(
            fixture.organization, container, CellSpec.bash("echo"), passing(Duration.ofMinutes(8)));
    run(exempt, Duration.ofMinutes(6));
    exempt.close();
    assertThat(rows().getLast().price().rule()).isEqualTo(BillingRule.WEB_TOOL_EXEMPTION);
    assertThat(billed()).containsExactly(8 * 60_000L, 0L);
  }

  private Billing message(boolean exempt) {
    return engine.ledger().ofMessage(Requester.local(fixture.organization), exempt);
  }

  private void run(Billing billing, Duration lasting) {
    engine.cells().run(billing, container, CellSpec.bash("echo"), passing(lasting));
  }

  /** Lets time pass while the cell runs: at its first output. */
  private OutputListener passing(Duration duration) {
    return (stream, text) -> pass(duration);
  }

  private void pass(Duration duration) {
    fixture.nanos.addAndGet(duration.toNanos());
  }

  private SuspendableCell start(Billing billing, String code) {
    return engine
        .cells()
        .start(
            billing,
            container,
            CellSpec.python(code).withFunctions(List.of("look")),
            REFERENCE,
            InputRule.ANY);
  }

  private static List<PendingCall> calls(CellStep step) {
    return ((CellStep.Waiting) step).calls();
  }

  private static Map<String, CallAnswer> answers(List<PendingCall> calls) {
    return Map.of(calls.getFirst().id(), new CallAnswer.Returned("1"));
  }

  private LedgerRow onlyRow() {
    assertThat(rows()).hasSize(1);
    return rows().getFirst();
  }

  private List<Long> billed() {
    return rows().stream().map(row -> row.price().billedMillis()).toList();
  }

  private List<LedgerRow> rows() {
    List<LedgerRow> rows = new ArrayList<>();
    fixture.store.ledger().each(fixture.organization, UsageFilter.ALL, rows::add);
    return rows;
  }
}
