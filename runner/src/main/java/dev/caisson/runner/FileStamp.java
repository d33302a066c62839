package dev.caisson.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What tells that a file was not touched. The change time cannot be set by a program, so content
 * that was replaced under the old modification time is seen too.
 */
record FileStamp(long device, long inode, long sizeBytes, long modifiedNanos, long changedNanos) {
  static FileStamp of(Path file) throws IOException {
    Map<String, Object> attributes =
        Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime");
    return new FileStamp(
        number(attributes, "dev"),
        number(attributes, "ino"),
        number(attributes, "size"),
        nanos(attributes, "lastModifiedTime"),
        nanos(attributes, "ctime"));
  }

  /** The later of the two times. */
  Instant touched() {
    return Instant.ofEpochSecond(0, Math.max(modifiedNanos, changedNanos));
  }

  private static long number(Map<String, Object> attributes, String name) throws IOException {
    return switch (attributes.get(name)) {
      case Number number -> number.longValue();
      case null, default -> throw new IOException("no attribute " + name);
    };
  }

  private static long nanos(Map<String, Object> attributes, String name) throws IOException {
    return switch (attributes.get(name)) {
      case FileTime time -> time.to(TimeUnit.NANOSECONDS);
      case null, default -> throw new IOException("no attribute " + name);
    };
  }
}
