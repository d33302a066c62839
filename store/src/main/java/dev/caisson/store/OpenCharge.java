package dev.caisson.store;

import dev.caisson.domain.Charge;
import dev.caisson.domain.Interval;
import dev.caisson.domain.Intervals;
import dev.caisson.domain.Tariff;
import java.util.OptionalLong;

/**
 * A charge that may still grow: what is left of a request when its process dies. Moments are those
 * of the charge's own clock.
 *
 * @param owner the process
 * @param knownUntil the last moment at which the process is known to have lived
 * @param runningFrom since when time runs for the request, if it does
 * @param executingFrom since when code runs for it, if it does
 */
public record OpenCharge(
    String id,
    String owner,
    Charge charge,
    long knownUntil,
    OptionalLong runningFrom,
    OptionalLong executingFrom) {

  /** The charge, ended at the last known moment. */
  Charge ended(Tariff tariff) {
    if (runningFrom.isEmpty()) {
      return charge;
    }
    Interval rest = since(runningFrom.getAsLong());
    long executed = executingFrom.isPresent() ? since(executingFrom.getAsLong()).millis() : 0;
    long alone = executingFrom.isPresent() ? tariff.aloneMillis(executed) : 0;
    return charge.plus(Intervals.of(rest), executed, alone);
  }

  private Interval since(long from) {
    return new Interval(from, Math.max(from, knownUntil));
  }
}
