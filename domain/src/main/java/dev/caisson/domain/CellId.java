package dev.caisson.domain;

/**
 * The id of a cell, such as {@code cell_5fK...}; throws {@link IllegalArgumentException} on any
 * other form.
 */
public record CellId(String value) {
  public CellId {
    IdKind.CELL.check(value);
  }

  /** A fresh random id. */
  public static CellId next() {
    return new CellId(IdKind.CELL.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
