package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Ending;
import dev.caisson.sandbox.Sandboxes;
import dev.caisson.store.Backup;
import dev.caisson.store.BackupManifest;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.Store;
import java.time.InstantSource;
import java.util.Optional;

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

  /** What a backup holds: workspaces, stored contents, and the bytes of all but the workspaces. */
  public record Taken(int workspaces, long contents, long bytes) {}

  /**
   * Takes a backup. Waits for the turn of each container. Interrupting the thread gives it up; what
   * there is of it then has no manifest.
   *
   * @param directory absolute; empty or not there yet
   * @throws dev.caisson.domain.CaissonException.HostUnfit when it cannot be written
   */
  public Taken take(String directory) {
    String hold = store.files().holdAll(store.owner().id());
    try (Backup backup = store.beginBackup(directory)) {
      for (ContainerId id : backup.living()) {
        if (copy(id, backup)) {
          backup.addWorkspace(id);
        }
      }
      BackupManifest manifest = backup.finish();
      return new Taken(manifest.workspaces().size(), manifest.blobs(), manifest.bytes());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted; backup " + directory + " is unfinished", e);
    } finally {
      store.files().letGo(hold);
    }
  }

  /** Copies a workspace in the container's turn; false when there is none (any more). */
  private boolean copy(ContainerId id, Backup backup) throws InterruptedException {
    WarmContainer container = warm.hold(id);
    try {
      container.turn().lockInterruptibly();
      try {
        Optional<ContainerRow> row = store.containers().find(id);
        if (row.isPresent() && row.get().ended().isEmpty()) {
          return standstill
              .during(container, () -> sandboxes.copy(id, backup.workspace(id)))
              .isPresent();
        }
      } catch (NotFound e) {
        // It ended just now, in another process.
      } finally {
        container.turn().unlock();
      }
      backup.end(id, ending(id));
      return false;
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
}
