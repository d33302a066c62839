package dev.caisson.sandbox;

import java.util.OptionalLong;

/** What an image build is doing, for a progress display. */
public sealed interface BuildStep {
  /** Looking which package indexes answer. */
  record Probing() implements BuildStep {}

  /**
   * A package is being fetched.
   *
   * @param archive name of the wheel
   * @param number of this package, from 1
   * @param expected how many there will be at least
   * @param sizeBytes of the archive, when known
   */
  record Fetching(String archive, int number, int expected, OptionalLong sizeBytes)
      implements BuildStep {}

  /** All is fetched and is being unpacked and compiled. */
  record Installing(int packages) implements BuildStep {}

  /** Another process builds the same image; this one waits for it. */
  record Waiting(String digest) implements BuildStep {}

  /** Something the operator should know. */
  record Note(String text) implements BuildStep {}
}
