package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Page;
import dev.caisson.domain.StoredFile;
import dev.caisson.engine.Files;
import dev.caisson.wire.FileJson;
import dev.caisson.wire.PageJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;

/** {@code /v1/files}: the Files API as it is without a beta header. */
final class FileRoutes {
  /** The contract's bound on {@code ids[]}. */
  private static final int MAX_IDS = 100;

  private final Files files;
  private final ServerSettings settings;

  FileRoutes(Files files, ServerSettings settings) {
    this.files = files;
    this.settings = settings;
  }

  void register(RoutesConfig routes) {
    routes.post("/v1/files", this::upload);
    routes.get("/v1/files", this::list);
    routes.get("/v1/files/{id}", this::read);
    routes.get("/v1/files/{id}/content", this::download);
    routes.delete("/v1/files/{id}", this::delete);
  }

  private void upload(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200,
        FileJson.write(
            FileUpload.receive(context.req(), exchange.organization(), files, settings)));
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    List<String> ids = context.queryParams("ids[]");
    if (ids.isEmpty()) {
      exchange.reply(
          200,
          PageJson.write(files.list(exchange.organization(), exchange.page()), FileJson::write));
      return;
    }
    if (context.queryParam("page") != null || context.queryParam("limit") != null) {
      throw new CaissonException.InvalidRequest("ids[]: cannot be combined with page or limit");
    }
    List<FileId> wanted = ids.stream().distinct().flatMap(text -> id(text).stream()).toList();
    if (ids.stream().distinct().count() > MAX_IDS) {
      throw new CaissonException.InvalidRequest("ids[]: at most " + MAX_IDS + " ids");
    }
    Page<StoredFile> found =
        new Page<>(files.find(exchange.organization(), wanted), Optional.empty());
    exchange.reply(200, PageJson.write(found, FileJson::write));
  }

  private void read(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(200, FileJson.write(files.get(exchange.organization(), exchange.fileId())));
  }

  private void download(Context context) {
    Exchange exchange = new Exchange(context);
    StoredFile file = files.get(exchange.organization(), exchange.fileId());
    FileContent content = files.download(exchange.organization(), file.id());
    FileReply.send(context, content, file.filename(), file.mimeType(), false, 0);
  }

  private void delete(Context context) {
    Exchange exchange = new Exchange(context);
    FileId id = exchange.fileId();
    files.delete(exchange.organization(), id);
    exchange.reply(200, FileJson.writeDeleted(id));
  }

  /** Unknown ids are dropped silently, and text that is no id names nothing. */
  private static Optional<FileId> id(String text) {
    try {
      return Optional.of(new FileId(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
