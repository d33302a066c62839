package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Ending;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A backup that is being written: the metadata as it was when it began, and beside it whatever the
 * caller adds. Without {@link #finish} it has no manifest and is none. Not safe for use from many
 * threads.
 */
public final class Backup implements AutoCloseable {
  private final Store store;
  private final Path directory;
  private final BackupDatabase rows;
  private final List<BackupManifest.Tree> trees = new ArrayList<>();

  private Backup(Store store, Path directory, BackupDatabase rows) {
    this.store = store;
    this.directory = directory;
    this.rows = rows;
  }

  /**
   * Begins a backup with a copy of the metadata.
   *
   * @param directory absolute; empty or not there yet
   */
  static Backup begin(Store store, String directory) {
    Path wanted = wanted(store, directory);
    try {
      prepare(wanted);
    } catch (IOException e) {
      throw unwritable(wanted, e);
    }
    Path database = wanted.resolve(BackupManifest.DATABASE);
    store.snapshot(database);
    return new Backup(store, wanted, BackupDatabase.open(database));
  }

  private static Path wanted(Store store, String directory) {
    Path wanted;
    try {
      wanted = Path.of(directory);
    } catch (InvalidPathException e) {
      throw new InvalidRequest("directory: is no path of this host");
    }
    if (!wanted.isAbsolute()) {
      throw new InvalidRequest("directory: must be an absolute path");
    }
    if (wanted.normalize().startsWith(store.directory().root())) {
      throw new InvalidRequest("directory: " + wanted + " lies in the data directory itself");
    }
    return wanted;
  }

  private static void prepare(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> entries = Files.list(directory)) {
        if (entries.findAny().isPresent()) {
          throw new InvalidRequest(
              "directory: " + directory + " is not empty; back up into a new one");
        }
      }
    }
    Files.createDirectories(directory);
    // Before anything is in it: a backup holds every key and every tenant's files.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    Files.createDirectory(directory.resolve(BackupManifest.WORKSPACES));
  }

  /** The containers that lived when it began, oldest first. */
  public List<ContainerId> living() {
    return rows.living();
  }

  /** Where the copy of a container's workspace has to lie. */
  public Path workspace(ContainerId id) {
    return directory.resolve(BackupManifest.WORKSPACES).resolve(id.value());
  }

  /** Takes up the copy of a workspace that lies in its place now. */
  public void addWorkspace(ContainerId id) {
    try {
      trees.add(new BackupManifest.Tree(id, TreeDigest.of(workspace(id))));
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  /** Writes down the end of a container that ended before its workspace could be copied. */
  public void end(ContainerId id, Ending ending) {
    rows.end(id, ending);
  }

  /** Adds all content that the metadata names, which the caller holds, and makes it a backup. */
  public BackupManifest finish() {
    try {
      List<BackupManifest.Entry> files = new ArrayList<>();
      for (String sha256 : rows.content()) {
        String name = BackupManifest.blob(sha256);
        Path to = directory.resolve(name);
        store.blobs().export(sha256, to);
        files.add(new BackupManifest.Entry(name, Files.size(to), sha256));
      }
      rows.close();
      var key = store.directory().readCredentials();
      if (key.isPresent()) {
        Path credentials = directory.resolve(BackupManifest.CREDENTIALS);
        BackupManifest.writePrivately(credentials, key.get() + "\n");
        files.add(BackupManifest.Entry.of(directory, BackupManifest.CREDENTIALS));
      }
      files.add(BackupManifest.Entry.of(directory, BackupManifest.DATABASE));
      BackupManifest manifest = new BackupManifest(files, trees);
      manifest.write(directory);
      return manifest;
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  private static HostUnfit unwritable(Path directory, IOException e) {
    return new HostUnfit(
        "backup "
            + directory
            + " cannot be written: "
            + DataDirectory.reason(e)
            + "; it is unfinished",
        e);
  }

  @Override
  public void close() {
    rows.close();
  }
}
