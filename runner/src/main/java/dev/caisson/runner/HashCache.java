package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/**
 * Hashes files, and remembers the hash while the file's stamp stays the same, so that a run with
 * nothing to do reads no big input. For one thread.
 */
final class HashCache {
  /**
   * A file touched this shortly before it was hashed may be changed again within one tick of the
   * file system's clock, under the same stamp (git's "racy" entries); 2 s covers the coarsest one.
   */
  static final Duration RACY = Duration.ofSeconds(2);

  private static final int ATTEMPTS = 3;

  private final Path file;
  private final InstantSource clock;
  private final Map<String, Entry> entries;
  private final Map<String, Entry> ofThisRun = new HashMap<>();
  private boolean changed;
  private long hashedFiles;

  private HashCache(Path file, InstantSource clock, Map<String, Entry> entries) {
    this.file = file;
    this.clock = clock;
    this.entries = entries;
  }

  record Entry(FileStamp stamp, String sha256) {}

  /** A cache that cannot be read starts empty. */
  static HashCache load(Path file, InstantSource clock) {
    Map<String, Entry> entries = new TreeMap<>();
    try {
      if (Files.exists(file)) {
        entries.putAll(
            Json.CANONICAL.readValue(
                Files.readAllBytes(file), new TypeReference<Map<String, Entry>>() {}));
      }
    } catch (IOException | JacksonException e) {
      entries.clear();
    }
    return new HashCache(file, clock, entries);
  }

  /** The hash of a regular file; throws {@link IOException} when it cannot be read steadily. */
  String sha256(Path path) throws IOException {
    String key = path.toAbsolutePath().normalize().toString();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      FileStamp before = FileStamp.of(path);
      Entry known = ofThisRun.getOrDefault(key, entries.get(key));
      if (known != null && known.stamp().equals(before)) {
        return known.sha256();
      }
      String sha256;
      try (InputStream in = Files.newInputStream(path)) {
        sha256 = Sha256.copy(in, OutputStream.nullOutputStream());
      }
      hashedFiles++;
      if (FileStamp.of(path).equals(before)) {
        remember(key, before, sha256);
        return sha256;
      }
    }
    throw new IOException(path + " changes while it is read");
  }

  private void remember(String key, FileStamp stamp, String sha256) {
    ofThisRun.put(key, new Entry(stamp, sha256));
    if (clock.instant().isAfter(stamp.touched().plus(RACY))) {
      entries.put(key, new Entry(stamp, sha256));
      changed = true;
    }
  }

  /** How many files had to be read. */
  long hashedFiles() {
    return hashedFiles;
  }

  /** Keeps what was learnt for the next run. */
  void save() {
    if (!changed) {
      return;
    }
    try {
      AtomicFile.write(file, out -> out.write(Json.CANONICAL.writeValueAsBytes(entries)));
      changed = false;
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot write the hash cache " + file, e);
    }
  }
}
