package dev.caisson.server;

import io.javalin.http.Context;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;

/**
 * Ends work that nobody waits for: while it runs, a client that closes its connection interrupts
 * the thread that works for it, and so does the end of the server. Safe for use from many threads.
 */
final class Disconnects {
  private final Set<Interruption> running = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** Does the work on the calling thread. Afterwards the thread is not interrupted any more. */
  <T> T during(Context context, Supplier<T> work) {
    Interruption interruption = new Interruption(Thread.currentThread());
    WatchedEndPoint connection = connection(context);
    running.add(interruption);
    connection.watch(interruption);
    if (closed) {
      interruption.run();
    }
    try {
      return work.get();
    } finally {
      connection.unwatch();
      running.remove(interruption);
      interruption.end();
    }
  }

  /** As {@link #during(Context, Supplier)}, for work that gives nothing. */
  void during(Context context, Runnable work) {
    Object _ =
        during(
            context,
            () -> {
              work.run();
              return work;
            });
  }

  /** Interrupts all that runs, now and later. */
  void interruptAll() {
    closed = true;
    running.forEach(Interruption::run);
  }

  private static WatchedEndPoint connection(Context context) {
    EndPoint endPoint =
        ServletContextRequest.getServletContextRequest(context.req())
            .getConnectionMetaData()
            .getConnection()
            .getEndPoint();
    if (endPoint instanceof WatchedEndPoint watched) {
      return watched;
    }
    throw new IllegalStateException("a connection that this server did not make: " + endPoint);
  }

  /** Interrupts a thread as long as it works for the request, and never later. */
  private static final class Interruption implements Runnable {
    private final Thread worker;
    private boolean ended;

    Interruption(Thread worker) {
      this.worker = worker;
    }

    @Override
    public synchronized void run() {
      if (!ended) {
        worker.interrupt();
      }
    }

    synchronized void end() {
      ended = true;
      Thread.interrupted();
    }
  }
}
