package dev.caisson.engine;

import dev.caisson.domain.CaissonException.InvalidRequest;
import java.nio.charset.StandardCharsets;

/** What the path of a file of a skill may be: it is joined to a directory in a container. */
final class SkillPath {
  /** limits.h, NAME_MAX. */
  private static final int MAX_NAME_BYTES = 255;

  /** Far below PATH_MAX, whatever it is joined to. */
  private static final int MAX_PATH_BYTES = 1024;

  private SkillPath() {}

  /** Throws InvalidRequest that names the rule. */
  static void check(String path) {
    if (Text.hasControlCharacter(path) || Text.hasLoneSurrogate(path) || path.contains("\\")) {
      throw invalid(path, "must have no control characters and no backslashes");
    }
    if (path.getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      throw invalid(path, "must have at most " + MAX_PATH_BYTES + " bytes");
    }
    String[] names = path.split("/", -1);
    for (String name : names) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        throw invalid(path, "must be relative, without empty names, '.' and '..'");
      }
      if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
        throw invalid(path, "has a name of more than " + MAX_NAME_BYTES + " bytes");
      }
    }
    if (names.length < 2) {
      throw invalid(
          path, "must be in a top-level directory: the filename of a part is DIRECTORY/FILE");
    }
  }

  private static InvalidRequest invalid(String path, String rule) {
    String shown = path.length() > 100 ? path.substring(0, 100) + "…" : path;
    return new InvalidRequest(
        "files: the path '" + shown.replaceAll("\\p{Cntrl}", "\uFFFD") + "' " + rule);
  }
}
