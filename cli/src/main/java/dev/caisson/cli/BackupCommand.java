package dev.caisson.cli;

import dev.caisson.domain.CaissonException;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.engine.Backups;
import dev.caisson.store.DataDirectory;
import dev.caisson.store.ServerAddress;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes everything of a data directory to another one, whether or not a server runs on it. */
@Command(
    name = "backup",
    description = "Writes a backup of the data directory, also while a server runs on it.",
    footer = {
      "",
      "Example:",
      "  caisson backup /backups/monday",
      "",
      "A backup holds everything, keys and files of all organizations: guard it."
    })
final class BackupCommand implements Callable<Integer> {
  @ParentCommand private @Nullable CaissonCommand root;

  @Parameters(paramLabel = "DIR", description = "Where to; empty or not there yet.")
  private @Nullable Path target;

  @Override
  public Integer call() throws InterruptedException {
    CaissonCommand command = CommandContext.required(root);
    Path wanted = command.workingDirectory().resolve(CommandContext.required(target)).normalize();
    DataDirectory directory = DataDirectory.open(command.settings().path(Setting.DATA));
    Optional<ServerAddress> server = directory.runningServer();
    ObjectNode told =
        server.isPresent()
            ? byServer(server.get(), directory.readAdminKey(), wanted)
            : here(command, wanted);
    told.put("directory", wanted.toString());
    if (command.json()) {
      command.console().line(Json.write(told));
    } else {
      command
          .console()
          .line(
              "backed up to "
                  + wanted
                  + ": "
                  + told.path("containers").asInt()
                  + " workspaces, "
                  + told.path("contents").asLong()
                  + " stored contents");
    }
    return 0;
  }

  private static ObjectNode here(CaissonCommand command, Path wanted) {
    try (EmbeddedCaisson caisson = Connections.forRecords(command.settings(), command.console())) {
      Backups.Taken made = caisson.engine().backups().take(wanted.toString());
      return Json.object()
          .put("containers", made.workspaces())
          .put("contents", made.contents())
          .put("bytes", made.bytes());
    }
  }

  private static ObjectNode byServer(ServerAddress server, String key, Path wanted)
      throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(server.url().resolve("/internal/backup"))
            .header("x-caisson-admin", key)
            .header("content-type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofByteArray(
                    Json.bytes(Json.object().put("directory", wanted.toString()))))
            .build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<byte[]> answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
      JsonNode body = Json.parse(answer.body(), "the server's answer");
      if (answer.statusCode() == 400) {
        throw new CaissonException.InvalidRequest(body.at("/error/message").asString(""));
      }
      if (answer.statusCode() != 200 || !(body instanceof ObjectNode told)) {
        throw new CaissonException.HostUnfit(
            "the server at " + server.url() + ": " + body.at("/error/message").asString(""));
      }
      return told;
    } catch (IOException e) {
      throw new CaissonException.HostUnfit(
          "the server at "
              + server.url()
              + " did not finish the backup ("
              + e.getMessage()
              + "); what there is of it in "
              + wanted
              + " is unfinished",
          e);
    }
  }
}
