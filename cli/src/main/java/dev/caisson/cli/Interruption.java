package dev.caisson.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C and termination: interrupts the main thread, which cancels its cell and closes what it
 * opened, and keeps the JVM alive until it has done so. Whoever asks again is in a hurry: first the
 * command may cut short what it waits for, then the JVM ends as if it were killed, which loses
 * nothing that was acknowledged.
 */
final class Interruption {
  /**
   * Longer than a cancelled cell may take to end (its grace, then a kill) and a sandbox to close.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private volatile Duration patience = PATIENCE;
  private volatile boolean requested;
  private volatile boolean finished;
  private final AtomicReference<@Nullable Runnable> hurry = new AtomicReference<>();

  /** One that never comes: for commands that run inside another program. */
  Interruption() {}

  static Interruption ofMainThread() {
    Interruption interruption = new Interruption();
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform().name("interruption").unstarted(() -> interruption.end(main)));
    return interruption;
  }

  /** Lets the main thread take that much longer to close what it opened. */
  void allow(Duration more) {
    patience = PATIENCE.plus(more);
  }

  /** What the second signal does; without it, it ends the JVM. */
  void whenAskedAgain(Runnable action) {
    hurry.set(action);
  }

  boolean requested() {
    return requested;
  }

  /** The main thread has closed what it opened: an exit that it asks for need not wait for it. */
  void finished() {
    finished = true;
  }

  private void end(Thread main) {
    if (finished || main.getState() == Thread.State.TERMINATED) {
      return;
    }
    requested = true;
    Signals.handle(List.of("INT", "TERM"), this::askedAgain);
    main.interrupt();
    try {
      main.join(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void askedAgain() {
    Runnable action = hurry.getAndSet(null);
    if (action == null) {
      Runtime.getRuntime().halt(Main.INTERRUPTED);
    } else {
      action.run();
    }
  }
}
