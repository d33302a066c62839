package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputListener;
import dev.caisson.sandbox.CellProgram;
import dev.caisson.sandbox.CellRun;
import dev.caisson.sandbox.Sandbox;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** Whether a cell can run here: tried with a real one. Safe for use from many threads. */
final class Readiness {
  private static final Logger LOG = System.getLogger(Readiness.class.getName());
  private static final String WORD = "ready";

  private final EngineSettings settings;
  private final Containers containers;
  private final Keys keys;
  private final ReentrantLock trying = new ReentrantLock();
  private final WarmContainers warm;
  private final HostDisk disk;
  private volatile boolean proven;

  Readiness(
      EngineSettings settings,
      Containers containers,
      Keys keys,
      WarmContainers warm,
      HostDisk disk) {
    this.warm = warm;
    this.disk = disk;
    this.settings = settings;
    this.containers = containers;
    this.keys = keys;
  }

  boolean ready() {
    if (!disk.hasRoomForCell()) {
      return false;
    }
    if (proven && !warm.failing()) {
      return true;
    }
    trying.lock();
    try {
      if (!proven || warm.failing()) {
        proven = containers.tryOut(keys.localOrganization(), this::runs);
      }
      return proven;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (CaissonException e) {
      LOG.log(Level.WARNING, "no cell can run: " + e.getMessage(), e);
      return false;
    } finally {
      trying.unlock();
    }
  }

  private boolean runs(Sandbox sandbox) {
    CellRun run =
        sandbox.run(
            new CellProgram(
                Language.PYTHON,
                "print('" + WORD + "')",
                InterpreterMode.FRESH,
                settings.limits().cellLimit(),
                Map.of(),
                "/files/output/0000000000000000"),
            OutputListener.NONE);
    boolean good =
        run.outcome().equals(new CellOutcome.Completed(0))
            && run.stdout().text().strip().equals(WORD);
    if (!good) {
      LOG.log(Level.WARNING, () -> "the trial cell failed: " + run.outcome() + " " + run.stderr());
    }
    return good;
  }
}
