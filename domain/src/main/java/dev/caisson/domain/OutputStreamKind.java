package dev.caisson.domain;

/** Which stream of a cell a piece of output came from. */
public enum OutputStreamKind {
  STDOUT,
  STDERR
}
