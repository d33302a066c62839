package dev.caisson.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TariffTest {
  private static final long MINUTE = 60_000;
  private static final long HOUR = 60 * MINUTE;
  private static final Tariff TARIFF = Tariff.DEFAULT;

  @Test
  void billsTheMinimumAtLeast() {
    assertThat(price(used(2000)).billedMillis()).isEqualTo(5 * MINUTE);
    assertThat(price(used(5 * MINUTE)).billedMillis()).isEqualTo(5 * MINUTE);
    assertThat(price(used(5 * MINUTE + 1)).billedMillis()).isEqualTo(5 * MINUTE + 1);
    assertThat(price(used(2000)).rule()).isEqualTo(BillingRule.REQUEST_MINIMUM);
  }

  @Test
  void billsRowsThatShareAMinimumWhatTheyComeToTogether() {
    Tariff perContainer = TARIFF.withScope(MinimumScope.CONTAINER);
    BilledSoFar before = BilledSoFar.NOTHING;
    long[] uses = {MINUTE, 3 * MINUTE, 4 * MINUTE, MINUTE};
    long[] billed = {5 * MINUTE, 0, 3 * MINUTE, MINUTE};
    for (int i = 0; i < uses.length; i++) {
      Price price = perContainer.price(used(uses[i]), Intervals.NONE, before, 0);
      assertThat(price.rule()).isEqualTo(BillingRule.CONTAINER_MINIMUM);
      assertThat(price.billedMillis()).isEqualTo(billed[i]);
      before = before.plus(price);
    }
    assertThat(before).isEqualTo(new BilledSoFar(9 * MINUTE, 9 * MINUTE));
  }

  @Test
  void countsTimeOnceThatEarlierRowsCover() {
    Intervals covered = Intervals.of(new Interval(MINUTE, 3 * MINUTE));
    Price price = TARIFF.price(used(10 * MINUTE), covered, BilledSoFar.NOTHING, 0);
    assertThat(price.countedMillis()).isEqualTo(8 * MINUTE);
    assertThat(price.billedMillis()).isEqualTo(8 * MINUTE);
  }

  @Test
  void billsFilesThatWereBroughtThoughNothingRan() {
    Charge brought = charge(1500, false, 2, false);
    assertThat(brought.isBillable()).isTrue();
    assertThat(price(brought))
        .isEqualTo(new Price(BillingRule.ATTACHED_FILES, 1500, 5 * MINUTE, 5 * MINUTE));
    assertThat(charge(1500, false, 0, false).isBillable()).isFalse();
  }

  @Test
  void billsNothingBesideAWebTool() {
    assertThat(price(charge(10 * HOUR, true, 3, true)))
        .isEqualTo(new Price(BillingRule.WEB_TOOL_EXEMPTION, 10 * HOUR, 0, 0));
  }

  @Test
  void takesTheFreeHoursOfTheMonthFirst() {
    long free = 1550 * HOUR;
    assertThat(paid(0)).isZero();
    assertThat(paid(free - HOUR)).isZero();
    assertThat(paid(free - HOUR + 1)).isEqualTo(1);
    assertThat(paid(free)).isEqualTo(HOUR);
    assertThat(paid(2 * free)).isEqualTo(HOUR);
  }

  private static long paid(long monthMillis) {
    return TARIFF.price(used(HOUR), Intervals.NONE, BilledSoFar.NOTHING, monthMillis).paidMillis();
  }

  @Test
  void countsCentsExactly() {
    assertThat(Tariff.cents(TARIFF.cost(HOUR))).isEqualByComparingTo("5");
    assertThat(Tariff.cents(TARIFF.cost(5 * MINUTE))).isEqualByComparingTo("0.416666");
    assertThat(Tariff.cents(TARIFF.cost(3 * 5 * MINUTE))).isEqualByComparingTo("1.25");
    assertThat(TARIFF.dollarsPerHour()).isEqualTo(new BigDecimal("0.05"));
  }

  @Test
  void readsPricesInDollars() {
    assertThat(Tariff.parsePrice("0.05")).isEqualTo(TARIFF.hourPrice());
    assertThat(Tariff.parsePrice("1")).isEqualTo(Tariff.UNITS_PER_DOLLAR);
    assertThat(Tariff.parsePrice("0.00001")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "free", "0.000001", "1e99", "0,05"})
  void refusesPricesThatAreNone(String text) {
    assertThatThrownBy(() -> Tariff.parsePrice(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesPricesBelowNothingAndBeyondReason() {
    assertThatThrownBy(() -> new Tariff(Duration.ZERO, MinimumScope.REQUEST, Duration.ZERO, -1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new Tariff(Duration.ZERO, MinimumScope.REQUEST, Duration.ZERO, 1_000_001))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Price price(Charge charge) {
    return TARIFF.price(charge, Intervals.NONE, BilledSoFar.NOTHING, 0);
  }

  private static Charge used(long millis) {
    return charge(millis, true, 0, false);
  }

  private static Charge charge(long millis, boolean toolRan, long files, boolean exempt) {
    return new Charge(
        Requester.local(OrganizationId.next()),
        Optional.empty(),
        Optional.empty(),
        exempt,
        ContainerId.next(),
        1,
        "one",
        Instant.EPOCH,
        Intervals.of(new Interval(0, millis)),
        0,
        millis,
        Duration.ZERO,
        files,
        files * 10,
        toolRan ? 1 : 0,
        millis,
        toolRan);
  }
}
