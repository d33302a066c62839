package dev.caisson.domain;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where a container is in its life. These arrows are all there are; the store changes a container's
 * state along them only, in the same statement that asks whether it may:
 *
 * <pre>
 *   created ──► idle ◄──► warm          a process holds it: a cell runs (warm) or none does (idle)
 *      │         ▲│        │
 *      │         │▼        │
 *      │       released ◄──┘           nobody holds it; the workspace waits
 *      ▼         │
 *   expired ◄────┤                     past its retention; also from idle
 *      │         ▼
 *      └─────► deleted                 also from every other one
 * </pre>
 */
public enum ContainerStatus {
  /** Nothing has run in it yet. */
  CREATED,
  /** A sandbox runs and a cell is running or waiting. */
  WARM,
  /** A sandbox runs, no cell does. */
  IDLE,
  /** No process; the workspace waits. */
  RELEASED,
  /** Past its retention; files are gone, a tombstone is kept. */
  EXPIRED,
  /** Deleted by its owner; files are gone, a tombstone is kept. */
  DELETED;

  /** The word of the public API. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The status of that word.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static ContainerStatus parse(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  public boolean alive() {
    return this != EXPIRED && this != DELETED;
  }

  /** What may come after it. */
  public Set<ContainerStatus> next() {
    return switch (this) {
      case CREATED -> Set.of(IDLE, EXPIRED, DELETED);
      case IDLE -> Set.of(WARM, RELEASED, EXPIRED, DELETED);
      // Released from here: the process that held it died while the cell ran.
      case WARM -> Set.of(IDLE, RELEASED, DELETED);
      case RELEASED -> Set.of(IDLE, EXPIRED, DELETED);
      case EXPIRED -> Set.of(DELETED);
      case DELETED -> Set.of();
    };
  }

  /** What may come before it. */
  public Set<ContainerStatus> previous() {
    return Arrays.stream(values())
        .filter(one -> one.next().contains(this))
        .collect(Collectors.toUnmodifiableSet());
  }
}
