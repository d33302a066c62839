package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.KernelLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Lets one run of a pipeline go on at a time. A kernel lock: the death of its holder, however it
 * came, frees it at once.
 */
final class RunLock implements AutoCloseable {
  private final KernelLock lock;

  private RunLock(KernelLock lock) {
    this.lock = lock;
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
    // The holder's name lies beside the lock: who reads the locked file itself could free it.
    Path name = file.resolveSibling(file.getFileName() + ".holder");
    try {
      Files.createDirectories(file.toAbsolutePath().resolveSibling(".").normalize());
      Optional<KernelLock> lock =
          KernelLock.lock(file, Optional.of(wait), () -> waiting.accept(holder(name)));
      if (lock.isEmpty()) {
        throw new CaissonException.Conflict(
            "pipeline " + pipeline + " is being run by " + holder(name) + "; one run at a time");
      }
      // Who looks between the lock and its name sees the last holder's.
      Files.writeString(name, me);
      return new RunLock(lock.get());
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot lock " + file, e);
    }
  }

  private static String holder(Path name) {
    try {
      String holder = Files.readString(name);
      return holder.isBlank() ? "another process" : holder;
    } catch (NoSuchFileException e) {
      return "another process";
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot read " + name, e);
    }
  }

  @Override
  public void close() {
    lock.close();
  }
}
