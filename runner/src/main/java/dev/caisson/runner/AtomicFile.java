package dev.caisson.runner;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.UUID;

/** Files that are there whole or not at all, also after kill -9 or a power cut. */
final class AtomicFile {
  /** Marks what a killed run left half written; swept by the next one. */
  static final String TEMPORARY_SUFFIX = ".caisson-tmp";

  private AtomicFile() {}

  /** Writes somewhere else, then moves over {@code target}; parents are made. */
  static void write(Path target, Content content) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path directory = Objects.requireNonNullElse(absolute.getParent(), absolute);
    Files.createDirectories(directory);
    Path temporary = directory.resolve("." + UUID.randomUUID() + TEMPORARY_SUFFIX);
    try {
      // No channel: an interrupt would close it, and a cancelled run still commits what it did.
      try (FileOutputStream out = new FileOutputStream(temporary.toFile())) {
        content.writeTo(out);
        out.getFD().sync();
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      sync(directory);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** The rename itself lasts once the directory is on disk, interrupted or not. */
  private static void sync(Path directory) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
          channel.force(true);
          return;
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Writes the content; what it throws leaves the target as it was. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }
}
