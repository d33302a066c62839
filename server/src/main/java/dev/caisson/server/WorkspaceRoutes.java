package dev.caisson.server;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.engine.Workspaces;
import dev.caisson.wire.Clip;
import dev.caisson.wire.FileJson;
import dev.caisson.wire.Json;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code /v1/containers/{id}/files/{path}}: the files of a workspace, by the absolute path inside
 * the container without its leading slash.
 */
final class WorkspaceRoutes {
  private static final String ROUTE = "/v1/containers/{id}/files/<path>";

  /** What untrusted code wrote is bytes to us, whatever its name claims. */
  private static final String TYPE = "application/octet-stream";

  private final Workspaces workspaces;
  private final ServerSettings settings;

  WorkspaceRoutes(Workspaces workspaces, ServerSettings settings) {
    this.workspaces = workspaces;
    this.settings = settings;
  }

  void register(RoutesConfig routes) {
    routes.get("/v1/containers/{id}/files", this::list);
    routes.get(ROUTE, this::read);
    routes.head(ROUTE, this::describe);
    routes.put(ROUTE, this::write);
    routes.delete(ROUTE, this::delete);
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    String path = context.queryParam("path");
    if (path == null || path.isEmpty()) {
      throw new CaissonException.InvalidRequest("path: Field required");
    }
    ObjectNode json = Json.object();
    ArrayNode data = json.putArray("data");
    workspaces
        .list(exchange.organization(), exchange.containerId(), path)
        .forEach(entry -> data.add(FileJson.write(entry)));
    exchange.reply(200, json.putNull("next_page"));
  }

  private void read(Context context) {
    Exchange exchange = new Exchange(context);
    String path = path(context);
    Optional<HttpRange> asked = HttpRange.parse(context.header("range"));
    ByteRange range =
        asked.map(part -> part.in(sizeFor(part, exchange, path))).orElse(ByteRange.ALL);
    FileContent content =
        workspaces.read(exchange.organization(), exchange.containerId(), path, range);
    // No range of an empty file can be written down: whatever fits it is all of it.
    boolean part = asked.isPresent() && content.totalBytes() > 0;
    FileReply.send(context, content, name(path), TYPE, part, range.offset());
  }

  private void describe(Context context) {
    Exchange exchange = new Exchange(context);
    String path = path(context);
    FileReply.describe(context, name(path), TYPE, file(exchange, path).sizeBytes());
  }

  private void write(Context context) {
    Exchange exchange = new Exchange(context);
    OrganizationId organization = exchange.organization();
    ContainerId container = exchange.containerId();
    exchange.reply(
        200,
        FileJson.write(
            workspaces.write(
                organization,
                container,
                path(context),
                RequestBody.stream(context.req(), settings.contentLimit()))));
  }

  private void delete(Context context) {
    Exchange exchange = new Exchange(context);
    String path = path(context);
    workspaces.delete(exchange.organization(), exchange.containerId(), path);
    exchange.reply(200, Json.object().put("path", path).put("type", "workspace_file_deleted"));
  }

  private long sizeFor(HttpRange part, Exchange exchange, String path) {
    return part.isSuffix() ? file(exchange, path).sizeBytes() : 0;
  }

  private WorkspaceEntry file(Exchange exchange, String path) {
    List<WorkspaceEntry> entries =
        workspaces.list(exchange.organization(), exchange.containerId(), path);
    if (entries.size() == 1
        && entries.getFirst().path().equals(path)
        && entries.getFirst().kind() == WorkspaceEntry.Kind.FILE) {
      return entries.getFirst();
    }
    throw new CaissonException.InvalidRequest("path: " + Clip.word(path) + " is not a file");
  }

  private static String path(Context context) {
    return "/" + context.pathParam("path");
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
