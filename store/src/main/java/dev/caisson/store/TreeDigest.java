package dev.caisson.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One hash of the copy of a workspace: names, kinds, rights, and the content of files and links. No
 * link is followed. Code may have built paths that no system call takes whole, and may have shut
 * its own user out; what lies below such a path, or behind such a door, is not covered.
 */
final class TreeDigest {
  /** Of an escaped path below the workspace: the same wherever the backup lies. */
  private static final int LONGEST_PATH = 2000;

  private static final Path NOWHERE = Path.of("/proc/self/nowhere");

  private TreeDigest() {}

  static String of(Path root) throws IOException {
    MessageDigest digest = Blobs.sha256();
    Deque<Path> open = new ArrayDeque<>(List.of(root));
    while (!open.isEmpty()) {
      for (Path path : entries(open.pop())) {
        Map<String, Object> seen =
            Files.readAttributes(path, "unix:mode,size", LinkOption.NOFOLLOW_LINKS);
        String name = escaped(root.relativize(path));
        add(digest, name);
        add(digest, String.valueOf(seen.get("mode")));
        if (Files.isSymbolicLink(path)) {
          add(digest, escaped(Files.readSymbolicLink(path)));
        } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          if (name.length() <= LONGEST_PATH) {
            open.push(path);
          }
        } else {
          add(digest, String.valueOf(seen.get("size")));
          add(digest, Files.isReadable(path) ? BackupManifest.hash(path) : "closed");
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static Iterable<Path> entries(Path directory) throws IOException {
    if (!Files.isReadable(directory) || !Files.isExecutable(directory)) {
      return List.of();
    }
    TreeMap<String, Path> sorted = new TreeMap<>();
    try (Stream<Path> found = Files.list(directory)) {
      found.forEach(path -> sorted.put(escaped(path), path));
    }
    return sorted.values();
  }

  /**
   * A path byte by byte, the same whatever the locale. Only a URI shows the bytes, and making one
   * looks whether the path is a directory: so it is made of a path that cannot be there.
   */
  private static String escaped(Path path) {
    Path below =
        path.isAbsolute() && path.getNameCount() > 0 ? path.subpath(0, path.getNameCount()) : path;
    return (path.isAbsolute() ? "/" : "")
        + NOWHERE.resolve(below).toUri().getRawPath().substring(NOWHERE.toString().length());
  }

  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(bytes);
  }
}
