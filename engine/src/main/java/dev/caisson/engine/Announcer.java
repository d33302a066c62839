package dev.caisson.engine;

import dev.caisson.domain.Cell;
import java.time.Duration;

/** Tells whoever listens by now. Safe for use from many threads. */
final class Announcer implements EngineListener {
  private volatile EngineListener listener = EngineListener.NONE;

  void listen(EngineListener next) {
    listener = next;
  }

  @Override
  public void cellStarted(Duration waited) {
    listener.cellStarted(waited);
  }

  @Override
  public void cellEnded(Cell cell) {
    listener.cellEnded(cell);
  }

  @Override
  public void sandboxOpened(Duration took) {
    listener.sandboxOpened(took);
  }

  @Override
  public void refusedForDisk() {
    listener.refusedForDisk();
  }
}
