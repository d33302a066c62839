package dev.caisson.store;

import java.util.Optional;

/**
 * A file of a workspace, as it was last seen.
 *
 * @param path absolute inside the container, in the form of {@link
 *     dev.caisson.domain.ChangedFile#path}
 * @param inode of the workspace's file system; 0 where it is not known
 * @param changedNanos the kernel's change time; 0 where it is not known
 */
public record FileMark(
    String path, long sizeBytes, Optional<String> sha256, long inode, long changedNanos) {}
