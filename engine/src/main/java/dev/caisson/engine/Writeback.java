package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.sandbox.CellRun;
import dev.caisson.sandbox.Sandboxes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Sees to it that what was written to workspaces has its place on the host's disk. One that has a
 * file system of its own takes its blocks there only when they are written back, up to half a
 * minute later, and a disk that has filled up by then loses them. So they are written back twice a
 * second, and where little is left before anybody is told of them. Safe for use from many threads.
 */
final class Writeback {
  private static final Logger LOG = System.getLogger(Writeback.class.getName());

  private final WarmContainers warm;
  private final Sandboxes sandboxes;
  private final HostDisk disk;
  private final AtomicBoolean busy = new AtomicBoolean();

  /** When containers were in use that have been written back since; of the thread that is busy. */
  private Map<ContainerId, Instant> written = new HashMap<>();

  Writeback(WarmContainers warm, Sandboxes sandboxes, HostDisk disk) {
    this.warm = warm;
    this.sandboxes = sandboxes;
    this.disk = disk;
  }

  /** What has become of a cell whose files may find no room. */
  CellRun after(ContainerId id, CellRun run, OutputListener listener) {
    if (!disk.low() || sandboxes.flush(List.of(id)).isEmpty()) {
      return run;
    }
    String word = CellOutcome.Killed.DISK_FULL;
    String line = word + ": the disk of the host is full; files of this cell may be lost\n";
    listener.output(OutputStreamKind.STDERR, line);
    CapturedOutput stderr = run.stderr();
    return run.withOutcome(new CellOutcome.Killed(word, false))
        .withStderr(new CapturedOutput(stderr.text() + line, stderr.droppedBytes()));
  }

  /** One round, which goes on by itself; the next is left out while it does. */
  void look() {
    if (busy.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("writeback")
          .start(() -> {
            try {
              writeBack();
            } catch (CaissonException e) {
              LOG.log(Level.DEBUG, "nothing was written back", e);
            } finally {
              busy.set(false);
            }
          });
    }
  }

  private void writeBack() {
    Map<ContainerId, Instant> now = new HashMap<>();
    List<ContainerId> used = new ArrayList<>();
    for (WarmContainer container : warm.all()) {
      if (container.sandbox().filter(RecordedSandbox::diskBounded).isPresent()) {
        Instant active = container.lastActive();
        now.put(container.id(), active);
        if (container.hasCells() || !active.equals(written.get(container.id()))) {
          used.add(container.id());
        }
      }
    }
    written = now;
    if (!used.isEmpty()) {
      for (ContainerId lost : sandboxes.flush(used)) {
        LOG.log(
            Level.WARNING,
            () ->
                "container=" + lost + " files found no room on the host's disk; some may be lost");
      }
    }
  }
}
