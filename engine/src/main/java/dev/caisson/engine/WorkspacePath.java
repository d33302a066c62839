package dev.caisson.engine;

import dev.caisson.domain.CaissonException.InvalidRequest;
import java.nio.charset.StandardCharsets;

/** What a path of a workspace must look like, before it is handed to the sandbox. */
final class WorkspacePath {
  /** limits.h, PATH_MAX and NAME_MAX. */
  private static final int MAX_PATH_BYTES = 4096;

  private static final int MAX_NAME_BYTES = 255;

  private WorkspacePath() {}

  /** Throws InvalidRequest that names the rule. */
  static void check(String path) {
    if (!path.startsWith("/")) {
      throw new InvalidRequest(
          "path: must be absolute inside the container, such as /tmp/data.csv");
    }
    if (Text.hasControlCharacter(path)) {
      throw new InvalidRequest("path: must not contain NUL or other control characters");
    }
    if (Text.hasLoneSurrogate(path)) {
      throw new InvalidRequest("path: must be whole Unicode characters");
    }
    if (path.getBytes(StandardCharsets.UTF_8).length >= MAX_PATH_BYTES) {
      throw new InvalidRequest("path: must be shorter than " + MAX_PATH_BYTES + " bytes");
    }
    for (String name : path.split("/", -1)) {
      if (name.equals("..")) {
        throw new InvalidRequest("path: must not contain '..'");
      }
      if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
        throw new InvalidRequest("path: a name in it is longer than " + MAX_NAME_BYTES + " bytes");
      }
    }
  }
}
