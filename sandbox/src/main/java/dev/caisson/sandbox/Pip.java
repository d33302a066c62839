package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** pip of one interpreter, with the user's own configuration. */
final class Pip {
  /** What would lead pip away from filling the directory it is given. */
  private static final List<String> UNWANTED =
      List.of(
          "PYTHONPATH",
          "PYTHONHOME",
          "PYTHONSTARTUP",
          "PYTHONINSPECT",
          "PYTHONPYCACHEPREFIX",
          "PYTHONDONTWRITEBYTECODE",
          "PIP_TARGET",
          "PIP_PREFIX",
          "PIP_ROOT",
          "PIP_DRY_RUN",
          "PIP_REPORT",
          "PIP_QUIET",
          "PIP_VERBOSE",
          "PIP_REQUIREMENT",
          "PIP_CONSTRAINT");

  /** What settles pip's behaviour whatever the user's configuration says. */
  private static final Map<String, String> SETTLED =
      Map.ofEntries(
          Map.entry("PIP_USER", "0"),
          Map.entry("PIP_REQUIRE_VIRTUALENV", "0"),
          Map.entry("PIP_NO_INPUT", "1"),
          Map.entry("PIP_NO_COLOR", "1"),
          Map.entry("PIP_PROGRESS_BAR", "off"),
          Map.entry("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
          Map.entry("PIP_ROOT_USER_ACTION", "ignore"),
          Map.entry("PYTHONUNBUFFERED", "1"),
          Map.entry("LC_ALL", "C.UTF-8"));

  /** Kept of what pip said, for the message when it fails. */
  private static final int REMEMBERED_LINES = 200;

  private static final int END_SECONDS = 10;

  private final Path python;
  private final Path scratch;
  private final Map<String, String> environment;

  /**
   * Looks for nothing yet; {@link #exists} does.
   *
   * @param scratch removed when this process dies while pip runs
   */
  Pip(Path python, Path scratch, Map<String, String> environment) {
    this.python = python;
    this.scratch = scratch;
    this.environment = Map.copyOf(environment);
  }

  /** How a run of pip ended. */
  record Outcome(int exit, List<String> lines) {
    boolean succeeded() {
      return exit == 0;
    }

    /** The lines in which pip says what went wrong. */
    List<String> errors() {
      return lines.stream()
          .filter(line -> line.startsWith("ERROR:"))
          .map(line -> line.substring("ERROR:".length()).strip())
          .toList();
    }

    /** Whether the one requirement given was for another version of Python. */
    boolean ignoredByMarker() {
      return lines.stream()
          .anyMatch(line -> line.startsWith("Ignoring ") && line.contains(": markers "));
    }

    boolean diskFull() {
      return lines.stream().anyMatch(line -> line.contains("No space left on device"));
    }
  }

  /** Whether the interpreter has pip at all. */
  boolean exists() throws InterruptedException {
    return run(List.of("--version"), Path.of("/"), Map.of(), line -> {}).succeeded();
  }

  /** pip's effective configuration, a line for each setting. */
  List<String> configuration() throws InterruptedException {
    return run(List.of("config", "list"), Path.of("/"), Map.of(), line -> {}).lines();
  }

  /**
   * Runs pip to its end. An interrupt ends it and everything it started.
   *
   * @param directory relative paths in requirements start here
   * @param extra added to the environment
   * @param heard called with each line of its output
   */
  Outcome run(
      Collection<String> arguments,
      Path directory,
      Map<String, String> extra,
      Consumer<String> heard)
      throws InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            python.toString(),
            "-I",
            "-S",
            "-c",
            Resources.text("image_command.py"),
            scratch.toString(),
            python.toString(),
            "-m",
            "pip"));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(directory.toFile());
    Map<String, String> variables = builder.environment();
    variables.clear();
    variables.putAll(variables(extra));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new CaissonException.HostUnfit(python + " cannot be started", e);
    }
    return follow(process, heard);
  }

  private Map<String, String> variables(Map<String, String> extra) {
    Map<String, String> variables = new HashMap<>(environment);
    UNWANTED.forEach(variables::remove);
    variables.putAll(SETTLED);
    // Beside the image, so that pip moves what it unpacked instead of copying it.
    variables.put("TMPDIR", scratch.toString());
    variables.putAll(extra);
    return variables;
  }

  private static Outcome follow(Process process, Consumer<String> heard)
      throws InterruptedException {
    ConcurrentLinkedQueue<String> queue = new ConcurrentLinkedQueue<>();
    Thread reader =
        Thread.ofVirtual()
            .name("pip-output")
            .start(() -> {
              try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                lines.lines().forEach(queue::add);
              } catch (IOException | UncheckedIOException e) {
                queue.add("output of pip cannot be read: " + e.getMessage());
              }
            });
    Deque<String> remembered = new ArrayDeque<>();
    try {
      boolean over;
      do {
        over = process.waitFor(50, TimeUnit.MILLISECONDS);
        drain(queue, remembered, heard);
      } while (!over);
      reader.join();
      drain(queue, remembered, heard);
      return new Outcome(process.exitValue(), List.copyOf(remembered));
    } finally {
      end(process);
    }
  }

  private static void drain(
      ConcurrentLinkedQueue<String> queue, Deque<String> remembered, Consumer<String> heard) {
    for (String line = queue.poll(); line != null; line = queue.poll()) {
      remembered.addLast(line);
      if (remembered.size() > REMEMBERED_LINES) {
        remembered.removeFirst();
      }
      heard.accept(line);
    }
  }

  /** Closing its input makes it end all it started; see image_command.py. */
  private static void end(Process process) {
    if (!process.isAlive()) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
