package dev.caisson.domain;

/**
 * The id of a file, such as {@code file_5fK...}; throws {@link IllegalArgumentException} on any
 * other form.
 */
public record FileId(String value) {
  public FileId {
    IdKind.FILE.check(value);
  }

  /** A fresh random id. */
  public static FileId next() {
    return new FileId(IdKind.FILE.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
