package dev.caisson.engine;

import dev.caisson.domain.ContainerId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** An engine in a JVM of its own, driven line by line and killed as a machine would kill it. */
final class ChildEngine implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final OutputStream commands;

  ChildEngine(Path root) throws IOException {
    process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-Xshare:auto",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")),
                    EngineMain.class.getName(),
                    root.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    commands = process.getOutputStream();
    expect("open");
  }

  long pid() {
    return process.pid();
  }

  ContainerId create() throws IOException {
    return new ContainerId(ask("create"));
  }

  /** Runs a bash cell and returns its id. */
  String run(ContainerId container, String code) throws IOException {
    return ask("run " + container + " " + code);
  }

  /** Starts a bash cell and returns when its first output was heard. */
  void start(ContainerId container, String code) throws IOException {
    String heard = ask("start " + container + " " + code);
    if (!heard.equals("begun")) {
      throw new IOException("instead of begun: " + heard);
    }
  }

  private String ask(String command) throws IOException {
    commands.write((command + "\n").getBytes(StandardCharsets.UTF_8));
    commands.flush();
    return readLine();
  }

  private void expect(String line) throws IOException {
    String read = readLine();
    if (!read.equals(line)) {
      throw new IOException("instead of '" + line + "': " + read);
    }
  }

  private String readLine() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the engine's process ended early");
    }
    return line;
  }

  /** SIGKILL, and waits until the process is gone. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** Ends it in good order. */
  void shutDown() throws IOException {
    commands.close();
    process.onExit().join();
  }

  @Override
  public void close() {
    kill();
  }
}
