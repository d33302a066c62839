package dev.caisson.domain;

/**
 * The id of one run of a pipeline, such as {@code run_5fK...}; throws {@link
 * IllegalArgumentException} on any other form.
 */
public record RunId(String value) {
  public RunId {
    IdKind.RUN.check(value);
  }

  /** A fresh random id. */
  public static RunId next() {
    return new RunId(IdKind.RUN.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
