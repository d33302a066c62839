package dev.caisson.domain;

import java.math.BigDecimal;

/**
 * What all requests of a container have come to.
 *
 * @param cents what it costs, as far as free hours did not take it
 */
public record ContainerCost(long billedMillis, BigDecimal cents) {
  public static final ContainerCost NONE = new ContainerCost(0, BigDecimal.ZERO);
}
