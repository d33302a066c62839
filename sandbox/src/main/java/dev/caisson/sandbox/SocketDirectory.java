package dev.caisson.sandbox;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the sockets are, by a path short enough for them: the kernel takes 107 bytes (unix(7)). A
 * longer path is reached through a link in a private temporary directory.
 */
final class SocketDirectory implements Closeable {
  /** 107 less the longest name in the directory, {@code s/<serial>.sock}, generously. */
  private static final int MAX_BYTES = 80;

  private final Path path;
  private final @Nullable Path link;

  private SocketDirectory(Path path, @Nullable Path link) {
    this.path = path;
    this.link = link;
  }

  static SocketDirectory of(Path run) throws IOException {
    if (run.toString().getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES) {
      return new SocketDirectory(run, null);
    }
    Path link = Files.createTempDirectory(Path.of("/tmp"), "caisson").resolve("run");
    Files.createSymbolicLink(link, run);
    return new SocketDirectory(link, link);
  }

  Path socket(String name) {
    return path.resolve(name);
  }

  @Override
  public void close() throws IOException {
    Path made = link;
    if (made != null) {
      Files.deleteIfExists(made);
      Path parent = made.getParent();
      if (parent != null) {
        Files.deleteIfExists(parent);
      }
    }
  }
}
