package dev.caisson.engine;

import dev.caisson.domain.CaissonException.InvalidRequest;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a stored file may be called: the rule of the hosted Files API
 * (https://docs.claude.com/en/docs/build-with-claude/files, "File limits and errors"), and neither
 * {@code .} nor {@code ..}, which are no names.
 */
final class Filename {
  private static final int MAX_CHARACTERS = 255;

  /** What a directory entry can hold (limits.h, NAME_MAX). */
  private static final int MAX_MOUNTED_BYTES = 255;

  private static final String FORBIDDEN = "<>:\"|?*\\/";

  private Filename() {}

  /** Throws InvalidRequest that names the rule. */
  static void check(String name) {
    fault(name)
        .ifPresent(fault -> {
          throw new InvalidRequest("filename: " + fault);
        });
  }

  /** What is wrong with a name; empty when nothing is. */
  static Optional<String> fault(String name) {
    int characters = name.codePointCount(0, name.length());
    if (characters < 1 || characters > MAX_CHARACTERS) {
      return Optional.of("must have 1 to " + MAX_CHARACTERS + " characters, not " + characters);
    }
    if (name.equals(".") || name.equals("..")) {
      return Optional.of("'" + name + "' is no name");
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < 0x20) {
        return Optional.of(String.format("must not contain the control character U+%04X", (int) c));
      }
      if (FORBIDDEN.indexOf(c) >= 0) {
        return Optional.of("must not contain '" + c + "'");
      }
    }
    if (Text.hasLoneSurrogate(name)) {
      return Optional.of("must be whole Unicode characters");
    }
    return Optional.empty();
  }

  /** Throws InvalidRequest when no directory can hold the name. */
  static void checkMountable(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_MOUNTED_BYTES) {
      throw new InvalidRequest(
          "file '"
              + name
              + "' cannot be mounted: its name takes "
              + bytes
              + " bytes, the limit is "
              + MAX_MOUNTED_BYTES);
    }
  }
}
