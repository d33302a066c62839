package dev.caisson.bench;

import java.util.Optional;

/**
 * An operation and the times it took.
 *
 * @param baseline what the bare operation took in turn with it; empty for a bare one
 */
record Measured(Operation operation, Samples samples, Optional<Samples> baseline) {
  /** The median's ratio to its baseline's median; empty for a bare operation. */
  Optional<Double> ratio() {
    return baseline.map(bare -> samples.medianMillis() / bare.medianMillis());
  }

  /** The milliseconds that the median is over its baseline's; empty for a bare operation. */
  Optional<Double> added() {
    return baseline.map(bare -> samples.medianMillis() - bare.medianMillis());
  }

  /** As {@link #ratio}, of the quickest tenth: on a busy machine nearer to the truth. */
  Optional<Double> ratioAtBest() {
    return baseline.map(bare -> samples.p10Millis() / bare.p10Millis());
  }

  /** Whether what was promised of the operation held. */
  boolean holds() {
    return operation
        .promise()
        .map(promise ->
            baseline
                .map(bare -> promise.holds(samples.medianMillis(), bare.medianMillis()))
                .orElse(false))
        .orElse(true);
  }
}
