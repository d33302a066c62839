package dev.caisson.testkit;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Runs a {@link RunningCaisson} until the process is ended: {@code ServeMain DIRECTORY}. When it is
 * ready it prints one line: {@link #READY}, its address and a key.
 */
public final class ServeMain {
  /** How the line begins. */
  static final String READY = "ready";

  private ServeMain() {}

  @SuppressWarnings("SystemOut") // The line is its interface.
  public static void main(String[] arguments) throws InterruptedException {
    RunningCaisson caisson = RunningCaisson.over(Path.of(arguments[0])).start();
    Runtime.getRuntime().addShutdownHook(new Thread(caisson::close, "caisson-close"));
    System.out.println(READY + " " + caisson.url() + " " + caisson.key());
    System.out.flush();
    new CountDownLatch(1).await();
  }
}
