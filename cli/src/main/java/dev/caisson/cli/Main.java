package dev.caisson.cli;

import dev.caisson.domain.CaissonException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine;

/**
 * The entry point of the command line: 0 done, 1 the job failed, 2 wrong usage, 3 the host cannot
 * do it.
 */
public final class Main {
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int HOST_UNFIT = 3;

  private Main() {}

  public static void main(String[] arguments) {
    Interruption interruption = Interruption.ofMainThread();
    Console console = Console.ofProcess(System.getenv());
    int code = execute(console, Path.of("").toAbsolutePath(), System.getenv(), arguments);
    interruption.finished();
    if (!interruption.requested()) {
      System.exit(code);
    }
    // Ctrl-C: the JVM is ending already, with 130; an exit from here would wait for itself.
  }

  /** Runs one command and gives its exit code. */
  static int execute(
      Console console,
      Path workingDirectory,
      Map<String, String> environment,
      String... arguments) {
    if (!"Linux".equals(System.getProperty("os.name"))) {
      console.error(
          "Linux is needed: the walls around a container are Linux namespaces; this is "
              + System.getProperty("os.name"));
      return HOST_UNFIT;
    }
    CommandLine line = new CommandLine(new CaissonCommand(console, workingDirectory, environment));
    line.setOut(new PrintWriter(console.bytes(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(console.errors(), true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setExecutionExceptionHandler((error, command, parsed) -> report(console, error));
    return line.execute(arguments);
  }

  private static int report(Console console, Exception error) throws Exception {
    String message = String.valueOf(error.getMessage());
    return switch (error) {
      case UsageException e -> tell(console, message, WRONG_USAGE);
      case CaissonException.InvalidRequest e -> tell(console, message, WRONG_USAGE);
      case CaissonException.HostUnfit e -> tell(console, message, HOST_UNFIT);
      case CaissonException.Internal e when e.getCause() != null ->
          tell(console, message + "\n  cause: " + e.getCause(), FAILED);
      case CaissonException e -> tell(console, message, FAILED);
      default -> throw error;
    };
  }

  private static int tell(Console console, String message, int code) {
    console.error(message);
    return code;
  }
}
