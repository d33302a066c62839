package dev.caisson.sandbox;

import java.nio.file.Path;

/**
 * An image as the sandbox mounts it.
 *
 * @param directory of a layer: the {@code site} directory, bound read-only at {@code
 *     siteDirectory}; of a root file system: its root, whose top-level entries are bound read-only
 * @param python absolute path of the interpreter inside the sandbox
 * @param siteDirectory where a layer goes inside the sandbox; empty for a root file system
 */
public record Image(
    ImageDescription description, Kind kind, Path directory, String python, String siteDirectory) {

  /** How an image becomes the file system under a workspace. */
  public enum Kind {
    /** The host's {@code /usr}, {@code /usr/local} hidden, and a directory of Python packages. */
    LAYER,
    /** A root file system of its own; nothing of the host's is seen. */
    ROOTFS
  }
}
