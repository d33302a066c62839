package dev.caisson.cli;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import tools.jackson.databind.node.ObjectNode;

/**
 * The entry point of the command line: 0 done, 1 the job failed, 2 wrong usage, 3 the host cannot
 * do it.
 */
public final class Main {
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int HOST_UNFIT = 3;

  /** As shells have it for Ctrl-C. */
  static final int INTERRUPTED = 130;

  private Main() {}

  public static void main(String[] arguments) {
    Interruption interruption = Interruption.ofMainThread();
    Console console = Console.ofProcess(System.getenv());
    int code =
        execute(console, interruption, Path.of("").toAbsolutePath(), System.getenv(), arguments);
    interruption.finished();
    if (!interruption.requested()) {
      System.exit(code);
    }
    // Ctrl-C: the JVM is ending already, with 130; an exit from here would wait for itself.
  }

  /** Runs one command and gives its exit code. */
  static int execute(
      Console console,
      Interruption interruption,
      Path workingDirectory,
      Map<String, String> environment,
      String... arguments) {
    if (!"Linux".equals(System.getProperty("os.name"))) {
      console.error(
          "Linux is needed: the walls around a container are Linux namespaces; this is "
              + System.getProperty("os.name"));
      return HOST_UNFIT;
    }
    CaissonCommand root = new CaissonCommand(console, interruption, workingDirectory, environment);
    CommandLine line = new CommandLine(root);
    // Set here and not by annotation: each command would inherit it.
    line.getCommandSpec().usageMessage().footer(CaissonCommand.FOOTER);
    line.setOut(new PrintWriter(console.bytes(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(console.errors(), true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setExecutionExceptionHandler((error, command, parsed) -> report(root, error));
    int code = line.execute(arguments);
    if (console.outFailed() && code == 0) {
      console.error("standard output cannot be written to: not all of the result is there");
      return FAILED;
    }
    return code;
  }

  private static int report(CaissonCommand root, Exception error) throws Exception {
    String message = String.valueOf(error.getMessage());
    return switch (error) {
      case UsageException e -> tell(root, "wrong_usage", message, WRONG_USAGE);
      case CaissonException.InvalidRequest e -> tell(root, e.code(), message, WRONG_USAGE);
      case CaissonException.HostUnfit e -> tell(root, e.code(), message, HOST_UNFIT);
      case CaissonException.Internal e when e.getCause() != null ->
          tell(root, e.code(), message + "\n  cause: " + e.getCause(), FAILED);
      case CaissonException e -> tell(root, e.code(), message, FAILED);
      case UncheckedIOException e -> tell(root, "io", explain(e), FAILED);
      default -> throw error;
    };
  }

  /** A file of this machine that could not be used, in words and without a stack trace. */
  private static String explain(UncheckedIOException failure) {
    return switch (Objects.requireNonNull(failure.getCause())) {
      case NoSuchFileException e -> e.getFile() + ": no such file or directory";
      case AccessDeniedException e -> e.getFile() + ": permission denied";
      case FileSystemException e when e.getReason() != null -> e.getFile() + ": " + e.getReason();
      case IOException e -> String.valueOf(e.getMessage());
    };
  }

  private static int tell(CaissonCommand root, String kind, String message, int code) {
    root.console().error(message);
    if (root.json()) {
      ObjectNode envelope = Json.object().put("type", "error");
      envelope.putObject("error").put("type", kind).put("message", message);
      root.console().line(Json.write(envelope));
    }
    return code;
  }
}
