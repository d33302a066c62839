package dev.caisson.embedded;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.store.BackupDatabase;
import dev.caisson.store.BackupManifest;
import dev.caisson.store.DataDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.function.Function;

/** Makes a data directory from a backup, which is looked through before anything is touched. */
public final class Restore {
  private Restore() {}

  /**
   * Restores a backup. Killed at any instant it leaves a directory that says that it is unfinished
   * and that nothing opens.
   *
   * @param target empty or not there yet
   * @param sandboxes those of a data directory; closed when its workspaces are there
   */
  public static BackupManifest run(Path backup, Path target, Function<Path, Sandboxes> sandboxes) {
    Path from = backup.toAbsolutePath().normalize();
    BackupManifest manifest = BackupManifest.read(from);
    manifest.verify(from);
    requireKnown(from);
    DataDirectory directory = DataDirectory.beginRestore(target);
    try {
      for (BackupManifest.Entry file : manifest.files()) {
        copy(from.resolve(file.name()), directory.root().resolve(file.name()), file);
      }
      try (Sandboxes walls = sandboxes.apply(directory.root())) {
        for (BackupManifest.Tree tree : manifest.workspaces()) {
          Path copied = from.resolve(BackupManifest.WORKSPACES).resolve(tree.container().value());
          if (walls.copy(copied, tree.container()).isEmpty()) {
            throw new HostUnfit(copied + " has gone");
          }
        }
      }
    } catch (IOException e) {
      throw new HostUnfit(
          "data directory "
              + directory.root()
              + " cannot be written: "
              + DataDirectory.reason(e)
              + "; remove it and restore again",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal(
          "interrupted; data directory "
              + directory.root()
              + " is unfinished: remove it and restore again",
          e);
    }
    directory.finishRestore();
    return manifest;
  }

  /** Refuses metadata of a newer version; a file that was verified is opened by nobody else. */
  private static void requireKnown(Path backup) {
    BackupDatabase.open(backup.resolve(BackupManifest.DATABASE)).close();
  }

  /** Always a copy: a second name of the backup's file would change with it. */
  private static void copy(Path from, Path to, BackupManifest.Entry told) throws IOException {
    Files.createDirectories(Objects.requireNonNull(to.getParent()));
    BackupManifest.copyPrivately(from, to);
    try (FileChannel channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    if (Files.size(to) != told.sizeBytes()) {
      throw new IOException(from + " changed while it was copied");
    }
  }
}
