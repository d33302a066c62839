package dev.caisson.sandbox;

import java.util.Locale;

/** Python package names, which are the same under several spellings. */
final class PackageName {
  private PackageName() {}

  /**
   * The one spelling for comparison (<a
   * href="https://packaging.python.org/en/latest/specifications/name-normalization/">name
   * normalization</a>).
   */
  static String normalize(String name) {
    return name.replaceAll("[-_.]+", "-").toLowerCase(Locale.ROOT);
  }
}
