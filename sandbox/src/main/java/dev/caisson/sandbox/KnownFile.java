package dev.caisson.sandbox;

import java.io.IOException;
import java.util.Optional;

/**
 * What is remembered of a file of a workspace.
 *
 * @param path absolute inside the container, with no link on its way. One that is no UTF-8 begins
 *     with a backslash, and has {@code \xNN} for each byte that is none and {@code \\} for a
 *     backslash
 * @param sha256 lower-case hex; empty where the content could not be hashed
 * @param inode of the workspace's file system; 0 where it is not known, as after a copy
 * @param changedNanos the kernel's change time, since the epoch; 0 where it is not known: the
 *     content is as it says all the same
 */
public record KnownFile(
    String path, long sizeBytes, Optional<String> sha256, long inode, long changedNanos) {

  /** Reads the four fields that the guest sends. */
  static KnownFile read(String path, String size, String sha256, String stamp) throws IOException {
    int colon = stamp.indexOf(':');
    try {
      return new KnownFile(
          path,
          Long.parseLong(size),
          sha256.isEmpty() ? Optional.empty() : Optional.of(sha256),
          Long.parseLong(stamp.substring(0, Math.max(colon, 0))),
          Long.parseLong(stamp.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IOException("the guest's word on a file is malformed", e);
    }
  }

  /** As the guest reads it. */
  String fields() {
    return path + "\0" + sizeBytes + "\0" + sha256.orElse("") + "\0" + inode + ":" + changedNanos;
  }
}
