package dev.caisson.domain;

/** Which Python process runs a cell. */
public enum InterpreterMode {
  /** The container's one interpreter: variables, imports and functions stay for the next cell. */
  PERSISTENT,
  /** A process of its own that ends with the cell. */
  FRESH
}
