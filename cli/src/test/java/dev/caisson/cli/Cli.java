package dev.caisson.cli;

import dev.caisson.sandbox.BuildListener;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.Images;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The command line in this process, over a data directory and images of its own. */
final class Cli {
  /** An image without packages: quick to build and needs no package index. */
  static final String IMAGE = "bare";

  private final Path directory;
  private final Map<String, String> environment;

  Cli(Path directory) throws IOException {
    this.directory = directory;
    Path images = directory.resolve("images");
    environment =
        Map.of(
            "CAISSON_DATA",
            directory.resolve("data").toString(),
            "CAISSON_IMAGES",
            images.toString(),
            "CAISSON_IMAGE",
            IMAGE,
            "CAISSON_CELL_LIMIT",
            "20s");
    Path requirements = Files.writeString(directory.resolve("none.txt"), "");
    Images.open(images).build(BuildRequest.of(IMAGE, requirements), BuildListener.SILENT);
  }

  /** What a command left. */
  record Result(int code, String out, String err) {
    String firstLine() {
      return out.lines().findFirst().orElse("");
    }
  }

  Result run(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(stream(out), stream(err), false, false, false);
    int code = Main.execute(console, new Interruption(), directory, environment, arguments);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** The id of a fresh container in which the code has run. */
  String container(String code) {
    Result result = run("exec", "--new", "-c", code);
    return result.err().lines().findFirst().orElseThrow().replace("container ", "");
  }

  /** The same command line as a process of its own. */
  Process start(String... arguments) throws IOException {
    return command(arguments).start();
  }

  ProcessBuilder command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().putAll(environment);
    return builder;
  }

  Path directory() {
    return directory;
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }
}
