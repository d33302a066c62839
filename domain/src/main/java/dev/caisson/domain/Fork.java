package dev.caisson.domain;

import java.util.List;

/**
 * A container that was made from the workspace of another one.
 *
 * @param container the new one
 * @param from whose workspace was copied
 * @param files regular files of the copy, each counted once however many names it has
 * @param bytes their sizes together
 * @param sharedFiles of the files, those whose content takes no space of its own until it changes
 * @param skipped paths of what no copy can have, sockets, pipes and devices; the first ones
 * @param skippedCount of all that was skipped
 */
public record Fork(
    Container container,
    ContainerId from,
    long files,
    long bytes,
    long sharedFiles,
    List<String> skipped,
    long skippedCount) {
  public Fork {
    skipped = List.copyOf(skipped);
  }
}
