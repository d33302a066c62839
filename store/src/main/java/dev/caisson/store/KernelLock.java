package dev.caisson.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * An exclusive lock on a file that the kernel frees when the process dies, however it dies. Safe
 * for use from many threads.
 *
 * <p>The kernel keeps such a lock for the whole process and drops it as soon as the process closes
 * <em>any</em> descriptor of the file (fcntl(2), "Record locks"). So what this process holds is
 * remembered here, and a file that is held here is never opened a second time.
 */
final class KernelLock implements AutoCloseable {
  private static final Set<Path> HELD_BY_THIS_PROCESS = new HashSet<>();

  private final Path file;
  private final FileChannel channel;

  private KernelLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Takes the lock, making the file when there is none; empty when somebody holds it. */
  static Optional<KernelLock> tryLock(Path file) {
    synchronized (HELD_BY_THIS_PROCESS) {
      if (HELD_BY_THIS_PROCESS.contains(file)) {
        return Optional.empty();
      }
      try {
        FileChannel channel =
            FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        @SuppressWarnings("resource") // lives as long as its channel
        FileLock lock = channel.tryLock();
        if (lock == null) {
          channel.close();
          return Optional.empty();
        }
        HELD_BY_THIS_PROCESS.add(file);
        return Optional.of(new KernelLock(file, channel));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Whether a living process, this one included, holds the lock. */
  static boolean isHeld(Path file) {
    synchronized (HELD_BY_THIS_PROCESS) {
      if (HELD_BY_THIS_PROCESS.contains(file)) {
        return true;
      }
      // A shared lock, so that two who look at the same time do not take each other for the holder.
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
          FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
        return lock == null;
      } catch (NoSuchFileException e) {
        return false;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Frees the lock and deletes the file. */
  void closeAndDelete() {
    synchronized (HELD_BY_THIS_PROCESS) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        close();
      }
    }
  }

  @Override
  public void close() {
    synchronized (HELD_BY_THIS_PROCESS) {
      HELD_BY_THIS_PROCESS.remove(file);
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
