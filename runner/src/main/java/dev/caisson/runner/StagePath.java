package dev.caisson.runner;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Paths as a pipeline's author writes them, and where they stand in a stage's directory. */
final class StagePath {
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private StagePath() {}

  /** What is wrong with a path that must stay inside a directory; empty when nothing is. */
  static Optional<String> insideProblem(String path) {
    if (path.isBlank()) {
      return Optional.of("a path cannot be empty");
    }
    if (CONTROL.matcher(path).find()) {
      return Optional.of("'" + printable(path) + "' holds a control character");
    }
    Path parsed;
    try {
      parsed = Path.of(path);
    } catch (InvalidPathException e) {
      return Optional.of("'" + printable(path) + "' is no path: " + e.getReason());
    }
    if (parsed.isAbsolute()) {
      return Optional.of("'" + path + "' must be relative");
    }
    for (Path part : parsed) {
      if (part.toString().equals("..")) {
        return Optional.of("'" + path + "' must not hold '..'");
      }
    }
    if (parsed.normalize().toString().isEmpty()) {
      return Optional.of("'" + path + "' names no file");
    }
    return Optional.empty();
  }

  /** What is wrong with the file name of an artifact; empty when nothing is. */
  static Optional<String> artifactProblem(String filename) {
    Optional<String> problem = insideProblem(filename);
    if (problem.isPresent()) {
      return problem;
    }
    if (filename.endsWith("/")) {
      return Optional.of("'" + filename + "' names a directory; an artifact is one file");
    }
    if (filename.chars().filter(c -> c == '*').count() > 1 || filename.contains("?")) {
      return Optional.of("'" + filename + "' may hold one '*' and no other pattern");
    }
    int lastSlash = filename.lastIndexOf('/');
    if (lastSlash > filename.indexOf('*') && filename.contains("*")) {
      return Optional.of("'" + filename + "' may hold a '*' in its last part only");
    }
    return Optional.empty();
  }

  /**
   * Where a file of the author stands in a stage's directory: where it stands beside the pipeline
   * file, so that a script finds it both ways; a file from elsewhere by its own name.
   */
  static String place(Path directory, String path) {
    Path absolute = directory.resolve(path).normalize();
    Path shown =
        absolute.startsWith(directory) ? directory.relativize(absolute) : absolute.getFileName();
    return String.valueOf(shown);
  }

  static String normal(String path) {
    return Path.of(path).normalize().toString();
  }

  /** The text with control characters shown as {@code \x0a}. */
  static String printable(String text) {
    return CONTROL
        .matcher(text)
        .replaceAll(match -> String.format("\\\\x%02x", (int) match.group().charAt(0)));
  }
}
