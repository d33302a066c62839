package dev.caisson.domain;

/**
 * The id of a key, such as {@code key_5fK...}; throws {@link IllegalArgumentException} on any other
 * form.
 */
public record KeyId(String value) {
  public KeyId {
    IdKind.KEY.check(value);
  }

  /** A fresh random id. */
  public static KeyId next() {
    return new KeyId(IdKind.KEY.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
