package dev.caisson.domain;

import java.util.Locale;

/** What became of one request of a batch. */
public enum BatchOutcome {
  SUCCEEDED,
  ERRORED,
  CANCELED,
  EXPIRED;

  /** The word that results and rows have. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
