package dev.caisson.domain;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What one organization may have or do only so much of. */
public enum OrganizationLimit {
  /** Containers that live. A runaway loop makes a million; no honest program of a month does. */
  CONTAINERS(1_000_000),
  /** Containers with a sandbox. Those that idle give way, so it bounds what works at once. */
  WARM(256),
  /** Cells that run, wait for their turn, or wait for tools of the client. */
  CELLS(256),
  /** Bytes of stored files; about the hosted service's 1 TB. */
  STORAGE(1L << 40),
  /** Requests in a minute. */
  REQUESTS(60_000);

  private final long defaultValue;

  OrganizationLimit(long defaultValue) {
    this.defaultValue = defaultValue;
  }

  /** The value where neither settings nor organization name another. */
  public long defaultValue() {
    return defaultValue;
  }

  /** Its word on the command line and in the database, such as {@code containers}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The limit of that word, if there is one. */
  public static Optional<OrganizationLimit> ofKey(String key) {
    return Arrays.stream(values()).filter(limit -> limit.key().equals(key)).findFirst();
  }
}
