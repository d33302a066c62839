package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Ends cells that take more disk than there is for them: those that pass their container's limit
 * where the kernel does not see to it, and all before the host's own disk is full, where what they
 * write would fail in worse ways. Containers live on. Rounds are made one at a time.
 */
final class DiskWatch {
  private static final Logger LOG = System.getLogger(DiskWatch.class.getName());

  private final WarmContainers warm;
  private final HostDisk host;

  /** Those being measured: a walk through a large workspace takes longer than a round. */
  private final Set<ContainerId> measuring = ConcurrentHashMap.newKeySet();

  DiskWatch(WarmContainers warm, HostDisk host) {
    this.warm = warm;
    this.host = host;
  }

  /** One round. */
  void look() {
    Optional<String> emergency = host.emergency();
    for (WarmContainer container : warm.all()) {
      if (container.hasCells()) {
        container.sandbox().ifPresent(sandbox -> look(container, sandbox, emergency));
      }
    }
  }

  private void look(WarmContainer container, RecordedSandbox sandbox, Optional<String> emergency) {
    long cell = container.started();
    if (emergency.isPresent()) {
      end(container, cell, emergency.get());
    } else if (!sandbox.diskBounded()) {
      measure(container, cell, sandbox);
    }
  }

  private void measure(WarmContainer container, long cell, RecordedSandbox sandbox) {
    ContainerId id = container.id();
    if (measuring.add(id)) {
      Thread.ofVirtual()
          .name("disk-" + id)
          .start(() -> {
            try {
              sandbox.room().overflow().ifPresent(why -> end(container, cell, why));
            } catch (CaissonException e) {
              LOG.log(Level.DEBUG, () -> "container=" + id + " not measured", e);
            } finally {
              measuring.remove(id);
            }
          });
    }
  }

  private static void end(WarmContainer container, long cell, String why) {
    String word = CellOutcome.Killed.DISK_FULL;
    container.cancel(cell, word, word + ": " + why);
  }
}
