package dev.caisson.domain;

/**
 * The id of a message batch, such as {@code msgbatch_5fK...}; throws {@link
 * IllegalArgumentException} on any other form.
 */
public record BatchId(String value) {
  public BatchId {
    IdKind.BATCH.check(value);
  }

  /** A fresh random id. */
  public static BatchId next() {
    return new BatchId(IdKind.BATCH.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
