package dev.caisson.domain;

/**
 * What earlier rows that share a minimum have come to.
 *
 * @param countedMillis time of theirs that no row before them had covered
 */
public record BilledSoFar(long countedMillis, long billedMillis) {
  public static final BilledSoFar NOTHING = new BilledSoFar(0, 0);

  public BilledSoFar plus(Price price) {
    return new BilledSoFar(
        countedMillis + price.countedMillis(), billedMillis + price.billedMillis());
  }
}
