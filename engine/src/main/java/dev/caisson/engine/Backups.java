package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Ending;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.sandbox.WorkspaceCopy;
import dev.caisson.store.BackupDatabase;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Writes everything that is kept to a directory, while it is in use. The metadata is of the first
 * moment, each workspace of a later one, so that whatever a row tells of is there; content that the
 * rows name cannot go meanwhile. The manifest comes last. Safe for use from many threads.
 */
public final class Backups {
  private final Store store;
  private final WarmContainers warm;
  private final Sandboxes sandboxes;
  private final Standstill standstill;
  private final InstantSource clock;

  Backups(Store store, WarmContainers warm, Sandboxes sandboxes, InstantSource clock) {
    this.store = store;
    this.warm = warm;
    this.sandboxes = sandboxes;
    this.standstill = new Standstill(warm);
    this.clock = clock;
  }

  /**
   * Takes a backup. Waits for the turn of each container. Interrupting the thread gives it up; what
   * there is of it then has no manifest.
   *
   * @param directory absolute; empty or not there yet
   */
  public BackupManifest take(Path directory) {
    try {
      prepare(directory);
      String hold = store.files().holdAll(store.owner().id());
      try {
        BackupManifest manifest = fill(directory);
        manifest.write(directory);
        return manifest;
      } finally {
        store.files().letGo(hold);
      }
    } catch (IOException e) {
      throw new HostUnfit(
          "backup " + directory + " cannot be written: " + reason(e) + "; it is unfinished", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted; backup " + directory + " is unfinished", e);
    }
  }

  private void prepare(Path directory) throws IOException {
    if (!directory.isAbsolute()) {
      throw new CaissonException.InvalidRequest("directory: must be an absolute path");
    }
    if (directory.normalize().startsWith(store.directory().root())) {
      throw new CaissonException.InvalidRequest(
          "directory: " + directory + " lies in the data directory itself");
    }
    if (Files.exists(directory)) {
      try (Stream<Path> entries = Files.list(directory)) {
        if (entries.findAny().isPresent()) {
          throw new CaissonException.InvalidRequest(
              "directory: " + directory + " is not empty; back up into a new one");
        }
      }
    }
    Files.createDirectories(directory);
    // Before anything is in it: a backup holds every key and every tenant's files.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    Files.createDirectory(directory.resolve(BackupManifest.WORKSPACES));
  }

  private BackupManifest fill(Path directory) throws IOException, InterruptedException {
    Path database = directory.resolve(BackupManifest.DATABASE);
    store.snapshot(database);
    List<BackupManifest.Tree> trees = new ArrayList<>();
    List<BackupManifest.Entry> files = new ArrayList<>();
    try (BackupDatabase rows = BackupDatabase.open(database)) {
      for (ContainerId id : rows.living()) {
        Path to = directory.resolve(BackupManifest.WORKSPACES).resolve(id.value());
        if (copy(id, to, rows).isPresent()) {
          trees.add(new BackupManifest.Tree(id, TreeDigest.of(to)));
        }
      }
      for (String sha256 : rows.content()) {
        String name = BackupManifest.blob(sha256);
        Path to = directory.resolve(name);
        store.blobs().export(sha256, to);
        files.add(new BackupManifest.Entry(name, Files.size(to), sha256));
      }
    }
    Optional<String> key = store.directory().readCredentials();
    if (key.isPresent()) {
      Path credentials = directory.resolve(BackupManifest.CREDENTIALS);
      BackupManifest.writePrivately(credentials, key.get() + "\n");
      files.add(BackupManifest.Entry.of(directory, BackupManifest.CREDENTIALS));
    }
    files.add(BackupManifest.Entry.of(directory, BackupManifest.DATABASE));
    return new BackupManifest(files, trees);
  }

  /** Copies a workspace in the container's turn; empty when there is none (any more). */
  private Optional<WorkspaceCopy> copy(ContainerId id, Path to, BackupDatabase rows)
      throws InterruptedException {
    WarmContainer container = warm.hold(id);
    try {
      container.turn().lockInterruptibly();
      try {
        Optional<ContainerRow> row = store.containers().find(id);
        if (row.isPresent() && row.get().ended().isEmpty()) {
          return standstill.during(container, () -> sandboxes.copy(id, to));
        }
      } catch (NotFound e) {
        // It ended just now, in another process.
      } finally {
        container.turn().unlock();
      }
      rows.end(id, ending(id));
      return Optional.empty();
    } finally {
      warm.drop(container);
    }
  }

  private Ending ending(ContainerId id) {
    return store
        .containers()
        .find(id)
        .flatMap(ContainerRow::ended)
        .orElseGet(() -> new Ending("deleted", clock.instant()));
  }

  static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage();
  }
}
