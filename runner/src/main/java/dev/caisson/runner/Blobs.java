package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files by the hash of their content. For one thread, under the pipeline's lock. */
final class Blobs {
  private final Path directory;

  Blobs(Path directory) {
    this.directory = directory;
  }

  /** Whether the artifact's content is here in full length. */
  boolean has(Artifact artifact) {
    try {
      Path blob = path(artifact.sha256());
      return Files.isRegularFile(blob) && Files.size(blob) == artifact.sizeBytes();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Keeps the content; throws {@link CaissonException.Internal} and keeps nothing when it is not
   * the artifact's.
   */
  void put(Artifact artifact, InputStream content) throws IOException {
    AtomicFile.write(
        path(artifact.sha256()),
        out -> {
          String sha256 = Sha256.copy(content, out);
          if (!sha256.equals(artifact.sha256())) {
            throw new CaissonException.Internal(
                "artifact "
                    + artifact.filename()
                    + " came out of the container with hash "
                    + sha256
                    + " instead of "
                    + artifact.sha256());
          }
        });
  }

  InputStream open(Artifact artifact) throws IOException {
    return Files.newInputStream(path(artifact.sha256()));
  }

  /**
   * Writes the content to a file of the user's. False when the blob turned out to be damaged; then
   * it is removed and the file is as it was.
   */
  boolean copyTo(Artifact artifact, Path target) throws IOException {
    try (InputStream content = open(artifact)) {
      AtomicFile.write(
          target,
          out -> {
            if (!Sha256.copy(content, out).equals(artifact.sha256())) {
              throw new Damaged();
            }
          });
      return true;
    } catch (Damaged e) {
      Files.deleteIfExists(path(artifact.sha256()));
      return false;
    }
  }

  private Path path(String sha256) {
    return directory.resolve(sha256.substring(0, 2)).resolve(sha256);
  }

  private static final class Damaged extends IOException {
    private static final long serialVersionUID = 1L;
  }
}
