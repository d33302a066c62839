package dev.caisson.cli;

import dev.caisson.embedded.Restore;
import dev.caisson.sandbox.LocalSandboxes;
import dev.caisson.store.BackupManifest;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Makes a data directory from a backup. */
@Command(
    name = "restore",
    description = "Makes a new data directory (--data) from a backup.",
    footer = {
      "",
      "Example:",
      "  caisson restore /backups/monday --data /srv/caisson",
      "",
      "Everything in the backup is checked before the data directory is touched."
    })
final class RestoreCommand implements Callable<Integer> {
  @ParentCommand private @Nullable CaissonCommand root;

  @Parameters(paramLabel = "DIR", description = "A directory that caisson backup wrote.")
  private @Nullable Path backup;

  @Override
  public Integer call() {
    CaissonCommand command = CommandContext.required(root);
    Settings settings = command.settings();
    Path from = command.workingDirectory().resolve(CommandContext.required(backup));
    Path to = settings.path(Setting.DATA);
    BackupManifest restored =
        Restore.run(
            from,
            to,
            data ->
                LocalSandboxes.open(
                    Connections.sandbox(
                        settings.with(Setting.DATA, Optional.of(data.toString())))));
    if (command.json()) {
      command
          .console()
          .line(
              Json.write(
                  Json.object()
                      .put("data", to.toString())
                      .put("containers", restored.workspaces().size())
                      .put("contents", restored.blobs())
                      .put("bytes", restored.bytes())));
    } else {
      command
          .console()
          .line(
              "restored to "
                  + to
                  + ": "
                  + restored.workspaces().size()
                  + " workspaces, "
                  + restored.blobs()
                  + " stored contents");
    }
    return 0;
  }
}
