package dev.caisson.domain;

import java.time.Instant;

/**
 * One entry of a directory in a workspace.
 *
 * @param path absolute inside the container
 */
public record WorkspaceEntry(String path, Kind kind, long sizeBytes, Instant modifiedAt) {
  /** What the entry is; links are never followed. */
  public enum Kind {
    FILE,
    DIRECTORY,
    LINK,
    OTHER
  }
}
