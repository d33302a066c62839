package dev.caisson.store;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.HostFull;
import dev.caisson.domain.CaissonException.Internal;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Space that is kept on the disk of the data directory for the rows of what ends and is deleted: a
 * file that is given up when nothing else is left. While it is missing, nothing new should be taken
 * in. Safe for use from many threads; several processes share it.
 */
public final class DiskReserve {
  /** Some thousand rows, and a log of SQLite's that must grow before it can be written back. */
  static final int BYTES = 8 << 20;

  /** With less than this it is given up: room for what is being written at that moment. */
  private static final long LOW = 4 << 20;

  /** With that much it is made again: not yet when deletions have only just begun. */
  private static final long PLENTY = 4L * BYTES;

  private static final int CHUNK = 1 << 16;

  private final Path directory;
  private final Path file;

  private DiskReserve(Path directory) {
    this.directory = directory;
    this.file = directory.resolve("reserve");
  }

  /**
   * For a start: makes what is missing where there is room, and gives it up where there is none.
   */
  static DiskReserve prepare(Path directory) {
    DiskReserve reserve = new DiskReserve(directory);
    reserve.sweep();
    reserve.giveUpWhenLow();
    reserve.restore();
    return reserve;
  }

  /**
   * To be called before something small is written.
   *
   * @return whether it is given up, now or before, and has not been made again
   */
  public boolean giveUpWhenLow() {
    if (free() < LOW) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new Internal("the reserve of disk space cannot be given up", e);
      }
    }
    return isSpent();
  }

  /** Makes it, when it is missing and there is room for it. */
  void restore() {
    if (!isSpent() || free() < PLENTY) {
      return;
    }
    Path temporary = directory.resolve("reserve." + UUID.randomUUID());
    try {
      try (OutputStream out = Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW)) {
        for (int written = 0; written < BYTES; written += CHUNK) {
          out.write(new byte[CHUNK]);
        }
      }
      Files.move(temporary, file);
    } catch (IOException e) {
      // full again, or another process was first
      discard(temporary);
    }
  }

  private static void discard(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      // it stays; the next start removes it
    }
  }

  /** Removes what was left half-made by a process that was killed. */
  private void sweep() {
    try (var left = Files.newDirectoryStream(directory, "reserve.*")) {
      left.forEach(DiskReserve::discard);
    } catch (IOException e) {
      throw new Internal("cannot look for old reserves of disk space", e);
    }
  }

  private boolean isSpent() {
    return !Files.exists(file);
  }

  private long free() {
    return directory.toFile().getUsableSpace();
  }

  /**
   * What to tell when something could not be written: that the disk is full, if that is why.
   *
   * @param what names it without a path of the host
   */
  static CaissonException failure(String what, Path where, IOException e) {
    // The words are those of the C library; the free space tells where they are in another
    // language.
    boolean full =
        String.valueOf(e.getMessage()).contains("No space left on device")
            || where.toFile().getUsableSpace() == 0;
    return full ? HostFull.midway(what, e) : new Internal(what + " cannot be written", e);
  }
}
