package dev.caisson.domain;

/**
 * What a rule made of a charge.
 *
 * @param countedMillis its time without what earlier rows of the container had covered
 * @param freeMillis the part of the billed time that the month's free hours took
 */
public record Price(BillingRule rule, long countedMillis, long billedMillis, long freeMillis) {

  /** The part of the billed time that costs money. */
  public long paidMillis() {
    return billedMillis - freeMillis;
  }
}
