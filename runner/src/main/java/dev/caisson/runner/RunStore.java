package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * What is remembered of a pipeline between its runs: commit records, brought-out content, hashes of
 * inputs, and which container holds the intermediate files. Every record is written in one piece; a
 * record that cannot be read counts as none. For one thread, under the lock.
 */
final class RunStore {
  private final Path directory;
  private final Blobs blobs;

  private RunStore(Path directory) {
    this.directory = directory;
    this.blobs = new Blobs(directory.resolve("blobs"));
  }

  /** The store of the pipeline in that directory; copies of a pipeline have stores of their own. */
  static RunStore of(Path runs, Pipeline pipeline) {
    Path real;
    try {
      real = pipeline.directory().toRealPath();
    } catch (IOException e) {
      throw new CaissonException.InvalidRequest(
          "pipeline " + pipeline.name() + ": no directory " + pipeline.directory());
    }
    String place = Sha256.of(real.toString()).substring(0, 12);
    return new RunStore(runs.resolve(pipeline.name() + "-" + place));
  }

  Path lockFile() {
    return directory.resolve("lock");
  }

  Blobs blobs() {
    return blobs;
  }

  HashCache hashes(InstantSource clock) {
    return HashCache.load(directory.resolve("hashes.json"), clock);
  }

  Optional<CommitRecord> commit(ActionKey key) {
    return read(commitFile(key.digest()), CommitRecord.class);
  }

  /** The last commit of a stage, under whatever key. */
  Optional<CommitRecord> lastCommit(String stage) {
    return read(lastFile(stage), Last.class)
        .flatMap(last -> read(commitFile(last.key()), CommitRecord.class));
  }

  /** From here on the stage counts as done under this key. */
  void put(ActionKey key, String stage, CommitRecord record) {
    write(commitFile(key.digest()), record);
    write(lastFile(stage), new Last(key.digest()));
  }

  void forget(ActionKey key) {
    try {
      Files.deleteIfExists(commitFile(key.digest()));
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot delete a record in " + directory, e);
    }
  }

  /** The container that the last run used. */
  Optional<ContainerRecord> container() {
    return read(containerFile(), ContainerRecord.class);
  }

  void putContainer(ContainerRecord record) {
    write(containerFile(), record);
  }

  void forgetContainer() {
    try {
      Files.deleteIfExists(containerFile());
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot delete " + containerFile(), e);
    }
  }

  /** Removes what a killed run left half written. */
  void sweep(Path... more) {
    List<Path> roots = Stream.concat(Stream.of(directory), Stream.of(more)).toList();
    for (Path root : roots) {
      if (!Files.isDirectory(root)) {
        continue;
      }
      try (Stream<Path> files = Files.walk(root, 3)) {
        List<Path> left =
            files.filter(file -> file.toString().endsWith(AtomicFile.TEMPORARY_SUFFIX)).toList();
        for (Path file : left) {
          Files.deleteIfExists(file);
        }
      } catch (IOException e) {
        throw new CaissonException.Internal("cannot sweep " + root, e);
      }
    }
  }

  private Path commitFile(String digest) {
    return directory.resolve("ac").resolve(digest + ".json");
  }

  private Path lastFile(String stage) {
    return directory.resolve("last").resolve(stage + ".json");
  }

  private Path containerFile() {
    return directory.resolve("container.json");
  }

  private static <T> Optional<T> read(Path file, Class<T> type) {
    try {
      return Files.exists(file)
          ? Optional.of(Json.CANONICAL.readValue(Files.readAllBytes(file), type))
          : Optional.empty();
    } catch (IOException | JacksonException e) {
      return Optional.empty();
    }
  }

  private static void write(Path file, Object record) {
    try {
      AtomicFile.write(file, out -> out.write(Json.CANONICAL.writeValueAsBytes(record)));
    } catch (IOException e) {
      throw new CaissonException.Internal("cannot write " + file, e);
    }
  }

  /** Which commit of a stage is the last. */
  private record Last(String key) {}

  /**
   * A container and how to know it again.
   *
   * @param marker the content of a file that the runner put there: without it, the id names a fresh
   *     workspace
   */
  record ContainerRecord(String id, String imageDigest, String marker) {}
}
