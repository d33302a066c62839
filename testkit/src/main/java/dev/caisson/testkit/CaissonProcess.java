package dev.caisson.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A Caisson in a JVM of its own, to be killed as no test could kill itself. */
public final class CaissonProcess implements AutoCloseable {
  private final Process process;
  private final URI url;
  private final String key;

  private CaissonProcess(Process process, URI url, String key) {
    this.process = process;
    this.url = url;
    this.key = key;
  }

  /** Starts a server over a directory as {@link RunningCaisson#over} does, and waits for it. */
  public static CaissonProcess start(Path directory, Map<String, String> environment) {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            ServeMain.class.getName(),
            directory.toString());
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(environment);
      builder.redirectError(ProcessBuilder.Redirect.INHERIT);
      Process process = builder.start();
      BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        String[] words = line.split(" ", -1);
        if (words.length == 3 && words[0].equals(ServeMain.READY)) {
          return new CaissonProcess(process, URI.create(words[1]), words[2]);
        }
      }
      process.destroyForcibly();
      throw new IllegalStateException("the server ended before it was ready");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public URI url() {
    return url;
  }

  public String key() {
    return key;
  }

  public long pid() {
    return process.pid();
  }

  /** Kill -9, and returns when the process is gone. */
  public void kill() {
    process.destroyForcibly();
    await();
  }

  /** SIGTERM. */
  @Override
  public void close() {
    process.destroy();
    await();
  }

  private void await() {
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
