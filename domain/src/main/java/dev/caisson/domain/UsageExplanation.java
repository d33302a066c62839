package dev.caisson.domain;

import java.math.BigDecimal;
import java.util.List;

/**
 * A bill, and what it might have been. Other bills are of the same requests under the tariffs of
 * their rows; of requests that share a minimum with others, those in question alone are looked at.
 *
 * @param requests rows of the ledger
 * @param containers different ones
 * @param cells that were begun
 * @param rules what each rule came to, of those that priced anything
 * @param usedMillis time of containers, overlaps counted once
 * @param billedMillis time on the bill
 * @param freeMillis the part of it that free hours took
 * @param cents what the rest costs
 * @param minimumMillis billed beyond the used time, because of the minimum
 * @param perRequestMillis the bill with the minimum for each request
 * @param perContainerMillis the bill with the minimum once for each warm period
 * @param withoutReuseMillis the bill if each cell had a container and a request of its own
 * @param idle requests that brought files and ran nothing
 * @param tariff the newest one
 */
public record UsageExplanation(
    long requests,
    long containers,
    long cells,
    List<Line> rules,
    long usedMillis,
    long billedMillis,
    long freeMillis,
    BigDecimal cents,
    long minimumMillis,
    long perRequestMillis,
    long perContainerMillis,
    long withoutReuseMillis,
    Idle idle,
    Tariff tariff) {
  public UsageExplanation {
    rules = List.copyOf(rules);
  }

  /** What one rule came to. */
  public record Line(BillingRule rule, long requests, long usedMillis, long billedMillis) {}

  /** What was brought for nothing. */
  public record Idle(long requests, long files, long bytes, long billedMillis) {}
}
