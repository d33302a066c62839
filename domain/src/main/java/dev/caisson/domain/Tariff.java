package dev.caisson.domain;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/**
 * The prices in force.
 *
 * @param minimum billed at least
 * @param scope what the minimum is applied to
 * @param freePerMonth for each organization and calendar month (UTC)
 * @param hourPrice of one container for an hour beyond the free time, in {@link #UNITS_PER_DOLLAR}
 */
public record Tariff(Duration minimum, MinimumScope scope, Duration freePerMonth, long hourPrice) {
  /** Prices are whole thousandths of a cent, so that sums of them are exact. */
  public static final long UNITS_PER_DOLLAR = 100_000;

  private static final int UNIT_DIGITS = 5;
  private static final long MILLIS_PER_HOUR = 3_600_000;
  private static final BigDecimal COST_PER_CENT =
      BigDecimal.valueOf(UNITS_PER_DOLLAR / 100).multiply(BigDecimal.valueOf(MILLIS_PER_HOUR));

  /** The hosted service's published prices: 5 minutes, 1,550 hours, $0.05. */
  public static final Tariff DEFAULT =
      new Tariff(
          Duration.ofMinutes(5),
          MinimumScope.REQUEST,
          Duration.ofHours(1550),
          UNITS_PER_DOLLAR / 20);

  /** 3,000 containers can run for a month at this price before its cost is no long any more. */
  private static final long MAX_HOUR_PRICE = 10 * UNITS_PER_DOLLAR;

  public Tariff {
    if (minimum.isNegative() || freePerMonth.isNegative()) {
      throw new IllegalArgumentException("billed and free time cannot be negative");
    }
    checkPrice(hourPrice);
  }

  private static long checkPrice(long hourPrice) {
    if (hourPrice < 0 || hourPrice > MAX_HOUR_PRICE) {
      throw new IllegalArgumentException("a price must be between 0 and 10 dollars an hour");
    }
    return hourPrice;
  }

  public Tariff withMinimum(Duration value) {
    return new Tariff(value, scope, freePerMonth, hourPrice);
  }

  public Tariff withScope(MinimumScope value) {
    return new Tariff(minimum, value, freePerMonth, hourPrice);
  }

  public Tariff withFreePerMonth(Duration value) {
    return new Tariff(minimum, scope, value, hourPrice);
  }

  /**
   * Prices a charge.
   *
   * @param covered what earlier rows of the container cover, of those that count
   * @param before the rows that share the minimum with this one
   * @param monthMillis billed to the organization in this month before
   */
  public Price price(Charge charge, Intervals covered, BilledSoFar before, long monthMillis) {
    BillingRule rule = BillingRule.of(charge, scope);
    long counted = charge.intervals().minus(covered).millis();
    long billed = rule.billedMillis(minimum.toMillis(), before, counted);
    long freeLeft = Math.max(0, freePerMonth.toMillis() - monthMillis);
    return new Price(rule, counted, billed, Math.min(billed, freeLeft));
  }

  /** What a cell would be billed with a container and a request of its own. */
  public long aloneMillis(long cellMillis) {
    return Math.max(minimum.toMillis(), cellMillis);
  }

  /** The exact cost of time; see {@link #cents}. */
  public long cost(long paidMillis) {
    return Math.multiplyExact(paidMillis, hourPrice);
  }

  /** A cost in cents, cut off at six decimals. */
  public static BigDecimal cents(long cost) {
    return BigDecimal.valueOf(cost).divide(COST_PER_CENT, 6, RoundingMode.DOWN);
  }

  /** The price of an hour in dollars, such as {@code 0.05}. */
  public BigDecimal dollarsPerHour() {
    BigDecimal exact = BigDecimal.valueOf(hourPrice, UNIT_DIGITS).stripTrailingZeros();
    return exact.scale() < 2 ? exact.setScale(2) : exact;
  }

  /**
   * Reads the price of an hour in dollars, such as {@code 0.05}; throws IllegalArgumentException.
   */
  public static long parsePrice(String text) {
    try {
      return checkPrice(new BigDecimal(text.strip()).movePointRight(UNIT_DIGITS).longValueExact());
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "not an amount of dollars with at most " + UNIT_DIGITS + " decimals", e);
    }
  }
}
