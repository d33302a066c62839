package dev.caisson.embedded;

import dev.caisson.client.CaissonClient;
import dev.caisson.engine.Engine;
import dev.caisson.engine.OwnerWaitListener;
import dev.caisson.sandbox.Images;
import dev.caisson.sandbox.IsolationReport;
import dev.caisson.sandbox.LocalSandboxes;
import dev.caisson.store.DataDirectory;
import dev.caisson.store.Store;
import java.time.InstantSource;

/**
 * Caisson in one process: a data directory, local sandboxes and the engine over them. Needs no
 * server and no port; several processes may open one data directory. Safe for use from many
 * threads.
 */
public final class EmbeddedCaisson implements AutoCloseable {
  private final Store store;
  private final LocalSandboxes sandboxes;
  private final Engine engine;

  private EmbeddedCaisson(Store store, LocalSandboxes sandboxes, Engine engine) {
    this.store = store;
    this.sandboxes = sandboxes;
    this.engine = engine;
  }

  /**
   * Opens everything; starts no other process before one is needed.
   *
   * @throws dev.caisson.domain.CaissonException.HostUnfit when the data directory cannot be used
   */
  public static EmbeddedCaisson open(EmbeddedSettings settings) {
    return open(settings, InstantSource.system(), OwnerWaitListener.NONE);
  }

  /**
   * Opens everything; starts no other process before one is needed.
   *
   * @param clock tells creation and expiry
   * @param listener hears when a container is waited for that another process owns
   * @throws dev.caisson.domain.CaissonException.HostUnfit when the data directory cannot be used
   */
  public static EmbeddedCaisson open(
      EmbeddedSettings settings, InstantSource clock, OwnerWaitListener listener) {
    Store store = Store.open(DataDirectory.open(settings.data()), settings.database());
    LocalSandboxes sandboxes = null;
    boolean done = false;
    try {
      sandboxes = LocalSandboxes.open(settings.sandbox());
      Engine engine = Engine.open(settings.engine(), store, sandboxes, clock, listener);
      done = true;
      return new EmbeddedCaisson(store, sandboxes, engine);
    } finally {
      if (!done) {
        if (sandboxes != null) {
          sandboxes.close();
        }
        store.close();
      }
    }
  }

  public Engine engine() {
    return engine;
  }

  /** A client for the local organization; it is open as long as this is. */
  public CaissonClient client() {
    return new EmbeddedClient(engine, engine.keys().localOrganization());
  }

  public DataDirectory directory() {
    return store.directory();
  }

  public Images images() {
    return sandboxes.images();
  }

  /** What holds on this host, each wall tested just now. */
  public IsolationReport isolation() {
    return sandboxes.isolation();
  }

  /**
   * Returns when this process was taken for dead by another one that shares the database: what it
   * held is others' now, and it should end.
   */
  public void awaitLoss() throws InterruptedException {
    store.owner().awaitLoss();
  }

  /** Ends what runs and gives up the data directory. */
  @Override
  public void close() {
    try {
      engine.close();
    } finally {
      try {
        sandboxes.close();
      } finally {
        store.close();
      }
    }
  }
}
