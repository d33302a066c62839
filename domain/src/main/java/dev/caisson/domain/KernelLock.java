package dev.caisson.domain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
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
public final class KernelLock implements AutoCloseable {
  /** This one piece of state has to be as wide as the process, because the kernel's lock is. */
  private static final Set<Path> HELD_BY_THIS_PROCESS = new HashSet<>();

  /** What is locked is held for milliseconds or for seconds; nobody need notice its end sooner. */
  private static final Duration POLL = Duration.ofMillis(50);

  private final Path file;
  private final FileChannel channel;

  private KernelLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Takes the lock, making the file when there is none; empty when somebody holds it. */
  public static Optional<KernelLock> tryLock(Path file) {
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

  /**
   * Takes the lock, waiting for it.
   *
   * @param patience how long to wait; empty for as long as it takes
   * @param waiting run once when somebody holds it
   * @return empty when it is still held after that time
   */
  public static Optional<KernelLock> lock(Path file, Optional<Duration> patience, Runnable waiting)
      throws InterruptedException {
    long started = System.nanoTime();
    boolean told = false;
    while (true) {
      Optional<KernelLock> lock = tryLock(file);
      if (lock.isPresent()) {
        return lock;
      }
      if (patience.isPresent() && System.nanoTime() - started >= patience.get().toNanos()) {
        return Optional.empty();
      }
      if (!told) {
        told = true;
        waiting.run();
      }
      Thread.sleep(POLL);
    }
  }

  /** Whether a living process, this one included, holds the lock. */
  public static boolean isHeld(Path file) {
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
  public void closeAndDelete() {
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
