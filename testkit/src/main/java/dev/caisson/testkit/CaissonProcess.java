package dev.caisson.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Caisson in a JVM of its own, to be killed as no test could kill itself. */
public final class CaissonProcess implements AutoCloseable {
  private static final String ANNOUNCED = "(?s).*BASE_URL=(\\S+).*API_KEY=(\\S+)";

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
    return start(
        List.of(ServeMain.class.getName(), directory.toString()),
        environment,
        "(?s)" + ServeMain.READY + " (\\S+) (\\S+)");
  }

  /**
   * Starts {@code caisson serve} itself over the same directory, in which {@link RunningCaisson}
   * has made the image.
   */
  public static CaissonProcess serve(Path directory) {
    return serve(directory, Map.of());
  }

  /** As {@link #serve(Path)}, with settings in variables. */
  public static CaissonProcess serve(Path directory, Map<String, String> environment) {
    try {
      Files.deleteIfExists(directory.resolve("data").resolve("credentials"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return serveWith(directory, environment);
  }

  /** As {@link #serve(Path, Map)} with the key of before, so that nothing need be written. */
  public static CaissonProcess serveAgain(
      Path directory, String key, Map<String, String> environment) {
    CaissonProcess started = serveWith(directory, environment);
    return new CaissonProcess(started.process, started.url, key);
  }

  /**
   * As {@link #serve(Path, Map)}, by an ordinary user, who is given the directory. All that leads
   * to it must be open to others.
   */
  static CaissonProcess serveRootless(Path directory, Map<String, String> environment) {
    try {
      String classPath = OrdinaryUser.classPath(classPath(), directory.resolve("classes"));
      OrdinaryUser.give(directory);
      return start(
          OrdinaryUser.prefix(),
          classPath,
          serveCommand(directory),
          withImages(directory, environment),
          ProcessBuilder.Redirect.INHERIT,
          ANNOUNCED);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As {@link #serve(Path, Map)}, with what it says to standard error in a file. */
  public static CaissonProcess serve(Path directory, Map<String, String> environment, Path errors) {
    return start(
        List.of(),
        classPath(),
        serveCommand(directory),
        withImages(directory, environment),
        ProcessBuilder.Redirect.to(errors.toFile()),
        ANNOUNCED);
  }

  private static CaissonProcess serveWith(Path directory, Map<String, String> environment) {
    return start(serveCommand(directory), withImages(directory, environment), ANNOUNCED);
  }

  private static Map<String, String> withImages(Path directory, Map<String, String> environment) {
    Map<String, String> variables = new HashMap<>(environment);
    variables.put("CAISSON_IMAGES", directory.resolve("images").toString());
    return variables;
  }

  private static List<String> serveCommand(Path directory) {
    return List.of(
        dev.caisson.cli.Main.class.getName(),
        "--data",
        directory.resolve("data").toString(),
        "serve",
        "--port",
        "0");
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /** Reads what the process prints until the pattern finds address and key in it. */
  private static CaissonProcess start(
      List<String> main, Map<String, String> environment, String ready) {
    return start(List.of(), classPath(), main, environment, ProcessBuilder.Redirect.INHERIT, ready);
  }

  private static CaissonProcess start(
      List<String> prefix,
      String classPath,
      List<String> main,
      Map<String, String> environment,
      ProcessBuilder.Redirect errors,
      String ready) {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classPath));
    command.addAll(main);
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(environment);
      builder.redirectError(errors);
      Process process = builder.start();
      BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
      Pattern pattern = Pattern.compile(ready);
      StringBuilder printed = new StringBuilder();
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        printed.append(line).append(' ');
        Matcher matcher = pattern.matcher(printed);
        if (matcher.lookingAt()) {
          return new CaissonProcess(process, URI.create(matcher.group(1)), matcher.group(2));
        }
      }
      process.destroyForcibly();
      throw new IllegalStateException("the server ended before it was ready: " + printed);
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

  /** SIGTERM, without waiting for what comes of it. */
  public void stop() {
    process.destroy();
  }

  /** SIGTERM, and returns when the process is gone. */
  @Override
  public void close() {
    stop();
    await();
  }

  private void await() {
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
