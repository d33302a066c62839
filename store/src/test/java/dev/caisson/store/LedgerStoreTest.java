package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.BillingRule;
import dev.caisson.domain.Charge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Interval;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Requester;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageFilter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@OnEveryDatabase
class LedgerStoreTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  /** Small figures, so that every limit is crossed often. */
  private static final Tariff TARIFF =
      new Tariff(Duration.ofMillis(300), MinimumScope.REQUEST, Duration.ofMillis(5000), 5000);

  private final DatabaseKind database;
  @TempDir Path data;
  private Store store;
  private LedgerStore ledger;
  private OrganizationId organization;
  private int opened;

  LedgerStoreTest(DatabaseKind database) {
    this.database = database;
  }

  @BeforeEach
  void open() {
    store = database.open(data);
    ledger = store.ledger();
    organization = store.organizations().oldest(NOW);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void keepsARowAsItWasWritten() {
    Charge charge =
        new Charge(
            new Requester("req_1", organization, Optional.of(KeyId.next())),
            Optional.empty(),
            Optional.of("req_0"),
            false,
            ContainerId.next(),
            7,
            "clock",
            NOW.minusSeconds(3),
            Intervals.parse("100-600,900-1000"),
            50,
            450,
            Duration.ofNanos(123_000),
            2,
            4096,
            3,
            900,
            true);
    write(charge, TARIFF, NOW);
    LedgerRow row = rows().getFirst();
    assertThat(row.charge()).isEqualTo(charge);
    assertThat(row.tariff()).isEqualTo(TARIFF);
    assertThat(row.recordedAt()).isEqualTo(NOW);
    assertThat(row.position()).isEqualTo(1);
    assertThat(row.price().rule()).isEqualTo(BillingRule.REQUEST_MINIMUM);
    assertThat(row.price().billedMillis()).isEqualTo(600);
    assertThat(audit()).isEqualTo(new LedgerAudit(1, row.hash(), Optional.empty()));
  }

  @Test
  void writesNoRowForARequestThatUsedNothing() {
    write(charge(ContainerId.next(), "0-500", Optional.empty(), false, 0), TARIFF, NOW);
    assertThat(rows()).isEmpty();
  }

  @Test
  void writesOneRowHoweverOftenARequestIsClosed() {
    Charge charge = charge(ContainerId.next(), "0-500", Optional.empty(), true, 0);
    OpenCharge open = kept("one", store.owner().id(), charge, OptionalLong.empty());
    ledger.apply(new LedgerChange.Keep(open));
    LedgerChange.Close close = new LedgerChange.Close("one", charge, TARIFF, NOW);
    ledger.apply(close);
    ledger.apply(close);
    assertThat(rows()).hasSize(1);
  }

  @Test
  void closesWhatADeadProcessLeftOpenAtItsLastKnownMoment() {
    ContainerId container = ContainerId.next();
    Charge charge = charge(container, "0-500", Optional.empty(), true, 0);
    ledger.apply(new LedgerChange.Keep(kept("dead", "gone", charge, OptionalLong.of(700))));
    ledger.apply(
        new LedgerChange.Keep(kept("mine", store.owner().id(), charge, OptionalLong.empty())));
    ledger.keepAlive("gone", 1900);
    assertThat(ledger.settle(store.owners(), TARIFF, NOW)).isEqualTo(1);
    assertThat(ledger.settle(store.owners(), TARIFF, NOW)).isZero();
    LedgerRow row = rows().getFirst();
    assertThat(row.charge().intervals().text()).isEqualTo("0-500,700-1900");
    assertThat(row.charge().executionMillis()).isEqualTo(500 + 1200);
    assertThat(rows()).hasSize(1);
  }

  /** The bill by another way: each millisecond of each container is a bit. */
  private static final class Model {
    final Map<ContainerId, BitSet> covered = new HashMap<>();
    final Map<String, long[]> shared = new HashMap<>();
    long billed;

    void add(Charge charge, Tariff tariff) {
      if (charge.exempt() || (!charge.toolRan() && charge.attachedFiles() == 0)) {
        return;
      }
      BitSet bits = covered.computeIfAbsent(charge.container(), id -> new BitSet());
      long counted = 0;
      for (Interval part : charge.intervals().parts()) {
        for (long moment = part.from(); moment < part.until(); moment++) {
          counted += bits.get((int) moment) ? 0 : 1;
          bits.set((int) moment);
        }
      }
      String name =
          tariff.scope() == MinimumScope.CONTAINER
              ? charge.container() + "/" + charge.epoch()
              : charge.container() + "/" + charge.group().orElse(charge.requester().requestId());
      shared.computeIfAbsent(name, key -> new long[1])[0] += counted;
      billed =
          shared.values().stream()
              .mapToLong(sum -> Math.max(sum[0], tariff.minimum().toMillis()))
              .sum();
    }
  }

  @ParameterizedTest
  @EnumSource(MinimumScope.class)
  void addsUpToTheBillForAnyOrderOfRequests(MinimumScope scope) {
    Tariff tariff = TARIFF.withScope(scope);
    for (int seed = 0; seed < 8; seed++) {
      OrganizationId own = store.organizations().create("org " + scope + seed, NOW).orElseThrow();
      Model model = new Model();
      Random random = new Random(seed);
      List<ContainerId> containers = List.of(ContainerId.next(), ContainerId.next());
      for (int i = 0; i < 60; i++) {
        Charge charge = random(random, own, containers);
        write(charge, tariff, NOW.plusMillis(i));
        model.add(charge, tariff);
      }
      List<LedgerRow> rows = new ArrayList<>();
      ledger.each(own, UsageFilter.ALL, rows::add);
      long billed = rows.stream().mapToLong(row -> row.price().billedMillis()).sum();
      long free = rows.stream().mapToLong(row -> row.price().freeMillis()).sum();
      assertThat(billed).as("seed %s", seed).isEqualTo(model.billed);
      assertThat(free).isEqualTo(Math.min(billed, 5000));
      assertThat(rows.getLast().monthMillis()).isEqualTo(billed);
      assertThat(rows.getLast().monthCost()).isEqualTo((billed - free) * tariff.hourPrice());
      assertThat(ledger.verify(own).problem()).isEmpty();
    }
  }

  private static Charge random(Random random, OrganizationId own, List<ContainerId> containers) {
    List<Interval> parts = new ArrayList<>();
    long from = random.nextInt(4000);
    for (int i = random.nextInt(3); i >= 0; i--) {
      long until = from + random.nextInt(500);
      parts.add(new Interval(from, until));
      from = until + random.nextInt(200);
    }
    boolean ran = random.nextInt(4) > 0;
    return new Charge(
        Requester.local(own),
        Optional.empty(),
        random.nextBoolean() ? Optional.of("group " + random.nextInt(5)) : Optional.empty(),
        random.nextInt(8) == 0,
        containers.get(random.nextInt(containers.size())),
        1 + random.nextInt(2),
        "clock",
        NOW,
        new Intervals(parts),
        0,
        0,
        Duration.ZERO,
        random.nextInt(2),
        10,
        ran ? 1 : 0,
        0,
        ran);
  }

  @Test
  void countsTimeOfDifferentClocksForItself() {
    ContainerId container = ContainerId.next();
    Charge first = charge(container, "0-500", Optional.empty(), true, 0);
    write(first, TARIFF, NOW);
    write(first, TARIFF, NOW);
    write(onClock(first, "another"), TARIFF, NOW);
    assertThat(rows())
        .extracting(row -> row.price().countedMillis())
        .containsExactly(500L, 0L, 500L);
  }

  private static Charge onClock(Charge charge, String timeline) {
    return new Charge(
        charge.requester(),
        charge.run(),
        charge.group(),
        charge.exempt(),
        charge.container(),
        charge.epoch(),
        timeline,
        charge.startedAt(),
        charge.intervals(),
        charge.preloadMillis(),
        charge.executionMillis(),
        charge.cpu(),
        charge.attachedFiles(),
        charge.attachedBytes(),
        charge.cells(),
        charge.aloneMillis(),
        charge.toolRan());
  }

  @ParameterizedTest
  @ValueSource(strings = {"2026-12-01T00:00:00Z", "2028-03-01T00:00:00Z", "2027-01-01T00:00:00Z"})
  void beginsTheFreeHoursAnewWithTheMonth(String boundary) {
    Instant midnight = Instant.parse(boundary);
    Charge long4000 = charge(ContainerId.next(), "0-4000", Optional.empty(), true, 0);
    write(onClock(long4000, "a"), TARIFF, midnight.minusMillis(2));
    write(onClock(long4000, "b"), TARIFF, midnight.minusMillis(1));
    write(onClock(long4000, "c"), TARIFF, midnight);
    assertThat(rows())
        .extracting(row -> row.price().freeMillis())
        .containsExactly(4000L, 1000L, 4000L);
    assertThat(rows()).extracting(LedgerRow::monthMillis).containsExactly(4000L, 8000L, 4000L);
    assertThat(audit().problem()).isEmpty();
  }

  @Test
  void neverWritesIntoAMonthThatIsOver() {
    Instant december = Instant.parse("2026-12-01T00:00:00Z");
    Charge charge = charge(ContainerId.next(), "0-4000", Optional.empty(), true, 0);
    write(charge, TARIFF, december);
    write(onClock(charge, "later"), TARIFF, december.minusSeconds(7200));
    assertThat(rows()).extracting(LedgerRow::recordedAt).containsExactly(december, december);
    assertThat(rows().getLast().monthMillis()).isEqualTo(8000);
    assertThat(audit().problem()).isEmpty();
  }

  @Test
  void makesTheRowsOfAMonthAddUpToItsCostInCents() {
    for (int i = 0; i < 50; i++) {
      write(
          onClock(charge(ContainerId.next(), "0-777", Optional.empty(), true, 0), "t" + i),
          TARIFF.withFreePerMonth(Duration.ZERO),
          NOW);
    }
    LedgerRow last = rows().getLast();
    assertThat(rows().stream().map(LedgerRow::cents).reduce((a, b) -> a.add(b)).orElseThrow())
        .isEqualByComparingTo(Tariff.cents(last.monthCost()));
  }

  @Test
  void listsNewestFirstInPartsAndByFilter() {
    ContainerId container = ContainerId.next();
    for (int i = 0; i < 5; i++) {
      ContainerId one = i == 2 ? container : ContainerId.next();
      write(charge(one, "0-1", Optional.empty(), true, 0), TARIFF, NOW.plusSeconds(i));
    }
    Page<LedgerRow> first =
        ledger.list(organization, UsageFilter.ALL, new PageRequest(3, Optional.empty()));
    assertThat(first.items()).extracting(LedgerRow::position).containsExactly(5L, 4L, 3L);
    Page<LedgerRow> second =
        ledger.list(organization, UsageFilter.ALL, new PageRequest(3, first.next()));
    assertThat(second.items()).extracting(LedgerRow::position).containsExactly(2L, 1L);
    assertThat(second.next()).isEmpty();
    UsageFilter middle = UsageFilter.ALL.from(NOW.plusSeconds(1)).until(NOW.plusSeconds(4));
    assertThat(ledger.list(organization, middle, PageRequest.first()).items())
        .extracting(LedgerRow::position)
        .containsExactly(4L, 3L, 2L);
    assertThat(ledger.list(organization, middle.of(container), PageRequest.first()).items())
        .extracting(LedgerRow::position)
        .containsExactly(3L);
    assertThat(ledger.lastBefore(organization, NOW.plusSeconds(2)).orElseThrow().position())
        .isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE ledger SET billed_ms = 0, month_ms = month_ms - billed_ms WHERE position = 3",
        "UPDATE ledger SET key_id = NULL, request_id = 'req_x' WHERE position = 3",
        "UPDATE ledger SET intervals = '0-2' WHERE position = 3",
        "DELETE FROM ledger WHERE position = 3",
        "UPDATE ledger SET position = -1 WHERE position = 3;"
            + " UPDATE ledger SET position = 3 WHERE position = 4;"
            + " UPDATE ledger SET position = 4 WHERE position = -1"
      })
  void namesARowThatWasAlteredRemovedOrMoved(String crime) throws SQLException {
    fiveRows();
    commit(crime);
    assertThat(audit().rows()).isEqualTo(2);
    assertThat(audit().problem().orElseThrow()).contains("row 3");
  }

  @Test
  void noticesThatTheEndWasCutOff() throws SQLException {
    fiveRows();
    commit("DELETE FROM ledger WHERE position = 5");
    assertThat(audit().problem()).contains("row 5 is missing: the ledger has 5 rows");
  }

  @Test
  void noticesRowsThatWereAddedBehindItsBack() throws SQLException {
    fiveRows();
    commit("UPDATE ledger_heads SET position = 4");
    assertThat(audit().problem().orElseThrow()).contains("differs").contains("row 4");
  }

  @Test
  void noticesSumsThatAreWrongUnderGoodHashes() throws SQLException {
    fiveRows();
    LedgerRow last = rows().getLast();
    LedgerRow forged =
        new LedgerRow(
            organization,
            5,
            last.recordedAt(),
            last.charge(),
            last.tariff(),
            last.price(),
            last.monthMillis() - 200,
            last.monthCost(),
            "");
    String hash = LedgerChain.hash(rows().get(3).hash(), forged);
    commit(
        "UPDATE ledger SET month_ms = month_ms - 200, hash = '"
            + hash
            + "' WHERE position = 5;"
            + " UPDATE ledger_heads SET hash = '"
            + hash
            + "'");
    assertThat(audit().problem().orElseThrow()).contains("row 5").contains("does not add up");
  }

  private void fiveRows() {
    for (int i = 0; i < 5; i++) {
      write(charge(ContainerId.next(), "0-700", Optional.empty(), true, 0), TARIFF, NOW);
    }
    assertThat(audit().problem()).isEmpty();
  }

  private void commit(String statements) throws SQLException {
    try (Connection connection = database.connect(data);
        Statement statement = connection.createStatement()) {
      for (String one : statements.split(";", -1)) {
        statement.execute(one);
      }
    }
  }

  private LedgerAudit audit() {
    return ledger.verify(organization);
  }

  private List<LedgerRow> rows() {
    List<LedgerRow> rows = new ArrayList<>();
    ledger.each(organization, UsageFilter.ALL, rows::add);
    return rows;
  }

  private void write(Charge charge, Tariff tariff, Instant now) {
    String id = "open " + opened++;
    ledger.apply(new LedgerChange.Keep(kept(id, store.owner().id(), charge, OptionalLong.empty())));
    ledger.apply(new LedgerChange.Close(id, charge, tariff, now));
  }

  private static OpenCharge kept(String id, String owner, Charge charge, OptionalLong since) {
    return new OpenCharge(id, owner, charge, charge.intervals().until(), since, since);
  }

  private Charge charge(
      ContainerId container, String intervals, Optional<String> group, boolean ran, long files) {
    Intervals used = Intervals.parse(intervals);
    return new Charge(
        Requester.local(organization),
        Optional.empty(),
        group,
        false,
        container,
        1,
        "clock",
        NOW,
        used,
        0,
        used.millis(),
        Duration.ZERO,
        files,
        0,
        ran ? 1 : 0,
        used.millis(),
        ran);
  }
}
