package dev.caisson.sandbox;

/**
 * A file that a scan of the workspace found to differ from what was known of it.
 *
 * @param byCell whether it changed while the cell ran; else it changed before and nobody said so
 * @param file as it is now; one that is gone, as it was last known
 */
public record ScannedFile(Kind kind, boolean byCell, KnownFile file) {
  /** What became of it. */
  public enum Kind {
    CREATED,
    MODIFIED,
    DELETED,
    /** The content is the same; only what it is recognized by differs. */
    SAME
  }
}
