package dev.caisson.domain;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Optional;

/**
 * What one day (UTC) cost.
 *
 * @param cents empty when nothing was recorded; zero while free hours last
 */
public record CostDay(LocalDate day, Optional<BigDecimal> cents) {}
