package dev.caisson.cli;

import dev.caisson.cli.Connections.Need;
import dev.caisson.client.CaissonClient;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Durations;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputFile;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.wire.CellJson;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Runs one cell. */
@Command(
    name = "exec",
    description = "Runs one cell of Python or bash in a container.",
    footer = {
      "",
      "Examples:",
      "  caisson exec --new -c 'print(6*7)'",
      "  caisson exec container_5fK... analysis.py",
      "  caisson exec container_5fK... --bash -c 'ls -l'",
      "  echo 'print(1)' | caisson exec --new -",
      "",
      "Exit code 1 when the cell's own return code is not 0."
    })
final class ExecCommand implements Callable<Integer> {
  @ParentCommand private @Nullable CaissonCommand root;

  @Mixin private ClientOptions clientOptions = new ClientOptions();

  @Option(
      names = "--image",
      paramLabel = "NAME|DIR",
      description = "The image of new containers: a name, or a directory with a root file system.")
  private @Nullable String image;

  @Option(names = "--new", description = "Run in a fresh container; its id is written to stderr.")
  private boolean fresh;

  @Option(
      names = "--bash",
      description = "The code is bash (default: Python, or by the file's name).")
  private boolean bash;

  @Option(names = "-c", paramLabel = "CODE", description = "The code itself.")
  private @Nullable String code;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      description = "A limit below the cell limit, such as 30s.")
  private @Nullable String timeout;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME[=VALUE]",
      description = {
        "A variable for this cell alone. Without =VALUE it is passed on from this command's own"
            + " environment, so that a secret stands in no list of processes."
      })
  private List<String> variables = new ArrayList<>();

  @Parameters(
      paramLabel = "CONTAINER|FILE",
      arity = "0..2",
      description = "The container (unless --new), and a file with the code (- is standard input).")
  private List<String> words = new ArrayList<>();

  @Override
  public Integer call() {
    CaissonCommand command = CommandContext.required(root);
    Console console = command.console();
    List<String> rest = new ArrayList<>(words);
    Optional<ContainerId> named = fresh ? Optional.empty() : Optional.of(takeContainer(rest));
    CellSpec cell = cell(rest);
    Settings settings =
        clientOptions.apply(command.settings()).with(Setting.IMAGE, Optional.ofNullable(image));
    try (Connection connection = Connections.open(settings, Need.CODE, console)) {
      CaissonClient client = connection.client();
      ContainerId container =
          named.orElseGet(() -> {
            ContainerId made = client.createContainer(Connections.newContainer(settings)).id();
            console.note("container " + made);
            return made;
          });
      Cell done = client.run(container, cell, command.json() ? OutputListener.NONE : live(console));
      if (command.json()) {
        console.line(Json.write(CellJson.write(done)));
      } else {
        for (OutputFile output : done.outputs()) {
          console.note(
              "output "
                  + output.filename()
                  + " ("
                  + output.sizeBytes()
                  + " bytes) is "
                  + output.fileId());
        }
      }
      if (done.outcome() instanceof CellOutcome.Completed(int returnCode) && returnCode == 0) {
        return 0;
      }
      if (!command.json()) {
        console.error(
            "the cell "
                + done.outcome().status()
                + " with return code "
                + done.outcome().returnCode());
      }
      return Main.FAILED;
    }
  }

  private ContainerId takeContainer(List<String> rest) {
    if (rest.isEmpty()) {
      throw new UsageException("exec needs a container id, or --new for a fresh container");
    }
    return CommandContext.containerId(rest.removeFirst());
  }

  private CellSpec cell(List<String> rest) {
    if (code == null && rest.isEmpty()) {
      throw new UsageException("exec needs code: -c CODE, a file, or - for standard input");
    }
    if ((code != null && !rest.isEmpty()) || rest.size() > 1) {
      throw new UsageException(
          "exec takes one piece of code; '" + rest.getLast() + "' is too much");
    }
    boolean isBash = bash || (code == null && rest.getFirst().endsWith(".sh"));
    String text = code == null ? readCode(rest.getFirst()) : code;
    Optional<Duration> limit = Optional.ofNullable(timeout).map(ExecCommand::duration);
    return new CellSpec(
        isBash ? Language.BASH : Language.PYTHON,
        text,
        isBash ? InterpreterMode.FRESH : InterpreterMode.PERSISTENT,
        limit,
        environment());
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    for (String variable : variables) {
      int equals = variable.indexOf('=');
      String name = equals < 0 ? variable : variable.substring(0, equals);
      environment.put(name, equals < 0 ? inherited(name) : variable.substring(equals + 1));
    }
    return environment;
  }

  private String inherited(String name) {
    return CommandContext.required(root)
        .variable(name)
        .orElseThrow(() ->
            new UsageException("--env " + name + ": this command's environment does not have it"));
  }

  private static Duration duration(String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--timeout: " + e.getMessage());
    }
  }

  private static String readCode(String name) {
    if (Files.isDirectory(Path.of(name))) {
      throw new UsageException(name + " is a directory; exec runs one file");
    }
    try {
      byte[] bytes =
          name.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(name));
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new UsageException("no such file: " + name);
    } catch (CharacterCodingException e) {
      throw new UsageException(name + " is not UTF-8 text");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static OutputListener live(Console console) {
    return (stream, text) -> {
      if (stream == OutputStreamKind.STDOUT) {
        console.raw(text);
      } else {
        console.errorRaw(text);
      }
    };
  }
}
