package dev.caisson.domain;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What a tool must be called to become a function of a Python cell. */
public final class FunctionName {
  /**
   * The Messages API's own rule for names of tools is wider by the hyphen and the leading digit.
   */
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");

  /** The reserved words of Python 3, see its language reference, 2.3.1 Keywords. */
  private static final Set<String> KEYWORDS =
      Set.of(
          "False",
          "None",
          "True",
          "and",
          "as",
          "assert",
          "async",
          "await",
          "break",
          "class",
          "continue",
          "def",
          "del",
          "elif",
          "else",
          "except",
          "finally",
          "for",
          "from",
          "global",
          "if",
          "import",
          "in",
          "is",
          "lambda",
          "nonlocal",
          "not",
          "or",
          "pass",
          "raise",
          "return",
          "try",
          "while",
          "with",
          "yield");

  private FunctionName() {}

  /** What is wrong with a name; empty when code can call it. */
  public static Optional<String> complaint(String name) {
    if (!IDENTIFIER.matcher(name).matches()) {
      return Optional.of("use letters, digits and underscores, and no digit first");
    }
    if (KEYWORDS.contains(name)) {
      return Optional.of("it is a word of the Python language");
    }
    if (name.startsWith("__")) {
      return Optional.of("names that begin with two underscores belong to the interpreter");
    }
    return Optional.empty();
  }
}
