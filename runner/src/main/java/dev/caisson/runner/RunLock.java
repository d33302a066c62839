package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets one run of a pipeline go on at a time. A kernel lock: the death of its holder, however it
 * came, frees it at once.
 */
final class RunLock implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);

  private final FileChannel channel;

  private RunLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @param waiting is told once who holds it, when it is held
   * @throws CaissonException.Conflict when it is still held after {@code wait}
   * @throws InterruptedException when the thread was interrupted while it waited
   */
  static RunLock acquire(
      Path file, String pipeline, String me, Duration wait, Consumer<String> waiting)
      throws InterruptedException {
    try {
      Files.createDirectories(file.toAbsolutePath().resolveSibling(".").normalize());
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      boolean held = false;
      try {
        held = lock(channel, file, pipeline, wait, waiting);
        // The holder's name follows the lock; who reads it in between sees the last holder's.
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(me.getBytes(StandardCharsets.UTF_8)), 0);
        return new RunLock(channel);
      } finally {
        if (!held) {
          channel.close();
        }
      }
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot lock " + file, e);
    }
  }

  private static boolean lock(
      FileChannel channel, Path file, String pipeline, Duration wait, Consumer<String> waiting)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + wait.toNanos();
    boolean told = false;
    while (tryLock(channel) == null) {
      String holder = Files.readString(file);
      if (System.nanoTime() - deadline >= 0) {
        throw new CaissonException.Conflict(
            "pipeline "
                + pipeline
                + " is being run by "
                + (holder.isBlank() ? "another process" : holder)
                + "; one run at a time");
      }
      if (!told) {
        told = true;
        waiting.accept(holder.isBlank() ? "another process" : holder);
      }
      Thread.sleep(POLL);
    }
    return true;
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another thread of this process holds it: the kernel's lock is the whole process's.
      return null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot release the lock of a run", e);
    }
  }
}
