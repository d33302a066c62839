package dev.caisson.domain;

import java.util.Locale;

/** Where a container is in its life. */
public enum ContainerStatus {
  /** A sandbox runs and a cell is running or waiting. */
  WARM,
  /** A sandbox runs, no cell does. */
  IDLE,
  /** No process; the workspace waits. */
  RELEASED,
  /** Past its retention; files are gone. */
  EXPIRED,
  /** Deleted by its owner; files are gone. */
  DELETED;

  /** The word of the public API. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public boolean alive() {
    return this != EXPIRED && this != DELETED;
  }
}
