package dev.caisson.store;

import dev.caisson.domain.CaissonException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Renews the lease of an owner until it is closed or finds that the owner was declared dead. */
final class Heartbeat implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Heartbeat.class.getName());

  private final Leases leases;
  private final String owner;
  private final Runnable whenLost;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  private Heartbeat(Leases leases, String owner, Runnable whenLost) {
    this.leases = leases;
    this.owner = owner;
    this.whenLost = whenLost;
    this.thread = Thread.ofPlatform().daemon().name("caisson-lease").unstarted(this::beat);
  }

  static Heartbeat start(Leases leases, String owner, Runnable whenLost) {
    Heartbeat heartbeat = new Heartbeat(leases, owner, whenLost);
    heartbeat.thread.start();
    return heartbeat;
  }

  private void beat() {
    boolean reached = true;
    try {
      while (!closing.await(leases.renewEvery().toNanos(), TimeUnit.NANOSECONDS)) {
        try {
          if (!leases.renew(owner)) {
            LOG.log(
                Level.ERROR,
                "owner={0} was taken for dead: it did not renew its lease in time",
                owner);
            whenLost.run();
            return;
          }
          reached = true;
        } catch (CaissonException e) {
          if (reached) {
            LOG.log(Level.WARNING, "the lease is not renewed: " + e.getMessage());
          }
          reached = false;
        }
      }
    } catch (InterruptedException e) {
      LOG.log(Level.WARNING, "the lease of owner=" + owner + " is renewed no more", e);
    }
  }

  /** Returns when it will not renew any more. */
  @Override
  public void close() {
    closing.countDown();
    if (Thread.currentThread() == thread) {
      return;
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
