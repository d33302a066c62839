package dev.caisson.domain;

import java.util.Locale;

/** What the minimum of billed time is applied to. */
public enum MinimumScope {
  /** Each request, on each container that it uses. */
  REQUEST,

  /** Each warm period of a container: from the moment that a process takes it to its release. */
  CONTAINER;

  /** The word in settings and rows. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads {@link #wireName}; throws IllegalArgumentException that names the text. */
  public static MinimumScope parse(String text) {
    for (MinimumScope scope : values()) {
      if (scope.wireName().equals(text)) {
        return scope;
      }
    }
    throw new IllegalArgumentException("'" + text + "' is neither request nor container");
  }
}
