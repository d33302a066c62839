package dev.caisson.domain;

import java.util.Locale;

/**
 * How the time of a request becomes billed time. Each rule is a pure function; which one priced a
 * row stands in the row.
 */
public enum BillingRule {
  /** The tool ran: the request's time, and the minimum at least. */
  REQUEST_MINIMUM,

  /** The tool ran: the warm period's time, and once in it the minimum at least. */
  CONTAINER_MINIMUM,

  /** Files were brought into the container and nothing ran: billed as if something had. */
  ATTACHED_FILES,

  /** The request lists a web tool of 20260209 or later: nothing is billed. */
  WEB_TOOL_EXEMPTION;

  /** The rule for a request; see {@link Charge#isBillable} for those that have none. */
  static BillingRule of(Charge charge, MinimumScope scope) {
    if (charge.exempt()) {
      return WEB_TOOL_EXEMPTION;
    }
    if (!charge.toolRan()) {
      return ATTACHED_FILES;
    }
    return switch (scope) {
      case REQUEST -> REQUEST_MINIMUM;
      case CONTAINER -> CONTAINER_MINIMUM;
    };
  }

  /**
   * What is billed now, so that all rows that share a minimum add up to the greater of the minimum
   * and their time.
   *
   * @param minimumMillis that they share
   * @param before the rows that share it with this one
   * @param countedMillis of this row
   */
  long billedMillis(long minimumMillis, BilledSoFar before, long countedMillis) {
    return switch (this) {
      case REQUEST_MINIMUM, CONTAINER_MINIMUM, ATTACHED_FILES ->
          Math.max(
              0,
              Math.max(minimumMillis, before.countedMillis() + countedMillis)
                  - before.billedMillis());
      case WEB_TOOL_EXEMPTION -> 0;
    };
  }

  /** Whether rows of this rule use up minimums and cover time for others. */
  public boolean counts() {
    return this != WEB_TOOL_EXEMPTION;
  }

  /** The word in rows. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads {@link #wireName}; throws IllegalArgumentException on any other text. */
  public static BillingRule parse(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
