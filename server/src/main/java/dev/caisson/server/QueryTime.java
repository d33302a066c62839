package dev.caisson.server;

import dev.caisson.domain.CaissonException.InvalidRequest;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/** Times in queries. */
final class QueryTime {
  private QueryTime() {}

  static Optional<Instant> of(Exchange exchange, String name) {
    return exchange.query(name).map(text -> parse(name, text));
  }

  static Instant required(Exchange exchange, String name) {
    return of(exchange, name).orElseThrow(() -> new InvalidRequest(name + ": Field required"));
  }

  private static Instant parse(String name, String text) {
    try {
      Instant instant = OffsetDateTime.parse(text).toInstant();
      if (instant.getEpochSecond() >= 0 && instant.getEpochSecond() < 253_402_300_800L) {
        return instant;
      }
    } catch (DateTimeException e) {
      // falls through to the one message
    }
    throw new InvalidRequest(
        name + ": Input should be a time of RFC 3339 such as 2026-11-01T00:00:00Z");
  }
}
