package dev.caisson.domain;

/** A part of a file: {@code length} bytes from {@code offset}. */
public record ByteRange(long offset, long length) {
  /** The whole file, however long. */
  public static final ByteRange ALL = new ByteRange(0, Long.MAX_VALUE);

  public ByteRange {
    if (offset < 0 || length < 0) {
      throw new IllegalArgumentException("a range cannot be negative: " + offset + "+" + length);
    }
  }
}
