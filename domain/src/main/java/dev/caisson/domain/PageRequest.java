package dev.caisson.domain;

import java.util.Optional;

/**
 * Which part of a list is wanted.
 *
 * @param limit 1 to 1000 items
 * @param page the token of {@link Page#next}; empty for the first part
 */
public record PageRequest(int limit, Optional<String> page) {
  /** The default of the Files API. */
  public static final int DEFAULT_LIMIT = 20;

  public static final int MAX_LIMIT = 1000;

  public PageRequest {
    checkLimit(limit);
  }

  static void checkLimit(int limit) {
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new CaissonException.InvalidRequest(
          "limit: must be between 1 and " + MAX_LIMIT + ", not " + limit);
    }
  }

  public static PageRequest first() {
    return new PageRequest(DEFAULT_LIMIT, Optional.empty());
  }
}
