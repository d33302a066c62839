package dev.caisson.runner;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
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
      try (FileChannel channel =
              FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = Channels.newOutputStream(channel)) {
        content.writeTo(out);
        channel.force(true);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      sync(directory);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** The rename itself lasts once the directory is on disk. */
  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Writes the content; what it throws leaves the target as it was. */
  @FunctionalInterface
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }
}
