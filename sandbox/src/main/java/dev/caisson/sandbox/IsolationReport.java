package dev.caisson.sandbox;

import java.util.List;
import java.util.Locale;

/** What this host can enforce, wall by wall. */
public record IsolationReport(List<Wall> walls) {
  public IsolationReport {
    walls = List.copyOf(walls);
  }

  /**
   * One wall.
   *
   * @param name a stable word, such as {@code network} or {@code memory-limit}
   * @param required whether the server refuses to start without it
   * @param stands whether it held when it was tried just now
   * @param evidence how it was tried and what was seen
   * @param remedy what the operator can do; empty when it stands
   */
  public record Wall(
      String name, boolean required, boolean stands, String evidence, String remedy) {}

  /** How strong isolation is on this host, in one word. */
  public enum Level {
    /** Every wall stands. */
    FULL,

    /** Every required wall stands; others, which the report names, do not. */
    PARTIAL,

    /** A required wall does not stand. */
    UNFIT;

    /** As it is printed. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The level in force. */
  public Level level() {
    return !fit() ? Level.UNFIT : missing().isEmpty() ? Level.FULL : Level.PARTIAL;
  }

  /** Names of the walls that do not stand. */
  public List<String> missing() {
    return walls.stream().filter(wall -> !wall.stands()).map(Wall::name).toList();
  }

  /**
   * Whether every required wall stands; a report without walls tried nothing and proves nothing.
   */
  public boolean fit() {
    return !walls.isEmpty() && walls.stream().allMatch(wall -> wall.stands() || !wall.required());
  }
}
