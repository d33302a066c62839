package dev.caisson.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root of all commands: what they share. */
@Command(
    name = "caisson",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    description = "Runs code in containers that keep their files.",
    subcommands = {
      CommandLine.HelpCommand.class,
      ServeCommand.class,
      RunCommand.class,
      ExecCommand.class,
      CpCommand.class,
      ContainersCommand.class,
      FilesCommand.class,
      UsageCommand.class,
      KeysCommand.class,
      OrganizationsCommand.class,
      ImageCommand.class,
      BackupCommand.class,
      RestoreCommand.class,
      DoctorCommand.class
    })
final class CaissonCommand implements Callable<Integer> {
  static final String[] FOOTER = {
    "",
    "Examples:",
    "  caisson run examples/monthly-report     run a pipeline",
    "  caisson exec --new -c 'print(6*7)'      run one cell in a fresh container",
    "  caisson serve                           answer the Messages API on port 8787",
    "  caisson doctor                          see what this host can enforce",
    "",
    "In a clone there are also: ./caisson build, ./caisson test, ./caisson bench,",
    "./caisson fuzz, ./caisson soak, ./caisson dependencies, ./caisson dev-model",
    "",
    "Exit codes: 0 done, 1 the job failed, 2 wrong usage, 3 this host cannot do it."
  };

  private final Console console;
  private final Interruption interruption;
  private final Path workingDirectory;
  private final Map<String, String> environment;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "The data directory (default: $CAISSON_DATA or ~/.caisson).")
  private @Nullable String data;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Write results as JSON, for programs.")
  private boolean json;

  CaissonCommand(
      Console console,
      Interruption interruption,
      Path workingDirectory,
      Map<String, String> environment) {
    this.console = console;
    this.interruption = interruption;
    this.workingDirectory = workingDirectory;
    this.environment = environment;
  }

  Console console() {
    return console;
  }

  /** How Ctrl-C reaches this command. */
  Interruption interruption() {
    return interruption;
  }

  boolean json() {
    return json;
  }

  Path workingDirectory() {
    return workingDirectory;
  }

  /** A variable of this process. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name));
  }

  /** The settings in force for this command. */
  Settings settings() {
    return Settings.read(workingDirectory, environment)
        .with(Setting.DATA, Optional.ofNullable(data));
  }

  @Override
  public Integer call() {
    if (spec != null) {
      CommandLine line = spec.commandLine();
      line.usage(line.getOut());
    }
    return Main.WRONG_USAGE;
  }
}
