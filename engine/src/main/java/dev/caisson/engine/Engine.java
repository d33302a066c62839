package dev.caisson.engine;

import dev.caisson.domain.Limits;

/** The engine's parts, wired together. Closing it releases every sandbox that it opened. */
public final class Engine implements AutoCloseable {
  public Containers containers() {
    throw new UnsupportedOperationException();
  }

  public Cells cells() {
    throw new UnsupportedOperationException();
  }

  public Workspaces workspaces() {
    throw new UnsupportedOperationException();
  }

  public Files files() {
    throw new UnsupportedOperationException();
  }

  public Keys keys() {
    throw new UnsupportedOperationException();
  }

  public Images images() {
    throw new UnsupportedOperationException();
  }

  /** What every container may use. */
  public Limits limits() {
    throw new UnsupportedOperationException();
  }

  /** The image of containers that name none. */
  public String defaultImage() {
    throw new UnsupportedOperationException();
  }

  /** Whether a cell can run: tried once with a real one, then remembered while nothing fails. */
  public boolean ready() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
