package dev.caisson.domain;

/**
 * The id of a container, such as {@code container_5fK...}; throws {@link IllegalArgumentException}
 * on any other form.
 */
public record ContainerId(String value) {
  public ContainerId {
    IdKind.CONTAINER.check(value);
  }

  /** A fresh random id. */
  public static ContainerId next() {
    return new ContainerId(IdKind.CONTAINER.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
