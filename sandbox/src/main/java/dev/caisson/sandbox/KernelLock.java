package dev.caisson.sandbox;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A lock between processes, on a file that is never deleted. It is the kernel's: it goes when its
 * process goes, however that ends.
 */
final class KernelLock implements AutoCloseable {
  /**
   * The kernel's lock belongs to the process as a whole and is lost when any descriptor of the file
   * is closed, so within the process only one thread at a time may hold the file open. This is the
   * one piece of state that has to be as wide as the process.
   */
  private static final ConcurrentMap<Path, Semaphore> HELD = new ConcurrentHashMap<>();

  /** Builds take seconds; a waiting one need not notice their end sooner. */
  private static final Duration POLL = Duration.ofMillis(100);

  private final Semaphore turn;
  private final FileChannel channel;

  private KernelLock(Semaphore turn, FileChannel channel) {
    this.turn = turn;
    this.channel = channel;
  }

  /**
   * Waits for the lock.
   *
   * @param waiting run once when the lock is not free
   */
  static KernelLock take(Path file, Runnable waiting) throws IOException, InterruptedException {
    Semaphore turn = turn(file);
    boolean told = false;
    if (!turn.tryAcquire()) {
      waiting.run();
      told = true;
      turn.acquire();
    }
    @Nullable FileChannel channel = null;
    boolean locked = false;
    try {
      channel = open(file);
      while (channel.tryLock() == null) {
        if (!told) {
          waiting.run();
          told = true;
        }
        Thread.sleep(POLL);
      }
      locked = true;
      return new KernelLock(turn, channel);
    } finally {
      if (!locked) {
        release(turn, channel);
      }
    }
  }

  /** The lock if it is free now. */
  static Optional<KernelLock> tryTake(Path file) throws IOException {
    Semaphore turn = turn(file);
    if (!turn.tryAcquire()) {
      return Optional.empty();
    }
    @Nullable FileChannel channel = null;
    @Nullable FileLock lock = null;
    try {
      channel = open(file);
      lock = channel.tryLock();
      return lock == null ? Optional.empty() : Optional.of(new KernelLock(turn, channel));
    } finally {
      if (lock == null) {
        release(turn, channel);
      }
    }
  }

  @Override
  public void close() throws IOException {
    release(turn, channel);
  }

  private static Semaphore turn(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    Path real = parent == null ? file : parent.toRealPath().resolve(file.getFileName());
    return HELD.computeIfAbsent(real, key -> new Semaphore(1));
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static void release(Semaphore turn, @Nullable FileChannel channel) throws IOException {
    try {
      if (channel != null) {
        channel.close();
      }
    } finally {
      turn.release();
    }
  }
}
