package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.engine.Backups;
import dev.caisson.wire.Json;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import tools.jackson.databind.JsonNode;

/**
 * {@code /internal/backup}: how {@code caisson backup} has the running server, which owns the
 * containers, write its backup. No API key opens it, but one that only the owner of the data
 * directory can read. Ends when the command goes.
 */
final class BackupRoutes {
  private final Backups backups;
  private final String key;
  private final ServerSettings settings;
  private final Disconnects disconnects;

  BackupRoutes(Backups backups, String key, ServerSettings settings, Disconnects disconnects) {
    this.backups = backups;
    this.key = key;
    this.settings = settings;
    this.disconnects = disconnects;
  }

  void register(RoutesConfig routes) {
    routes.post("/internal/backup", this::take);
  }

  private void take(Context context) {
    String given = context.header("x-caisson-admin");
    if (given == null || !same(given)) {
      throw new CaissonException.Unauthenticated(
          "x-caisson-admin: the key of the data directory is required");
    }
    Exchange exchange = new Exchange(context);
    String directory = directory(exchange.json(settings));
    Backups.Taken made = disconnects.during(context, () -> backups.take(directory));
    exchange.reply(
        200,
        Json.object()
            .put("containers", made.workspaces())
            .put("contents", made.contents())
            .put("bytes", made.bytes()));
  }

  private static String directory(JsonNode body) {
    JsonNode directory = body.path("directory");
    if (!directory.isString() || directory.asString().isEmpty()) {
      throw new CaissonException.InvalidRequest("directory: a path is required");
    }
    return directory.asString();
  }

  private boolean same(String given) {
    return MessageDigest.isEqual(
        key.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
  }
}
