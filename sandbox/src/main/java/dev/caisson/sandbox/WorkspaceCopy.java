package dev.caisson.sandbox;

import java.util.List;

/**
 * What was copied of a workspace.
 *
 * @param files regular files, each counted once however many names it has
 * @param bytes their sizes together
 * @param sharedFiles of the files, those whose content the file system shares with the original's
 * @param skipped paths inside of what cannot be copied, sockets, pipes and devices; the first ones
 * @param skippedCount of all that was skipped
 */
public record WorkspaceCopy(
    long files, long bytes, long sharedFiles, List<String> skipped, long skippedCount) {
  public WorkspaceCopy {
    skipped = List.copyOf(skipped);
  }
}
