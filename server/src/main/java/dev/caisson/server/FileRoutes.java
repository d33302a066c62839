package dev.caisson.server;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CursorPage;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.StoredFile;
import dev.caisson.engine.Files;
import dev.caisson.wire.CursorPageJson;
import dev.caisson.wire.FileJson;
import dev.caisson.wire.PageJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code /v1/files}: the Files API, as it is today and, to a request with its beta header, as it
 * was in beta.
 */
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
    boolean beta = BetaHeader.asks(context, BetaHeader.FILES);
    StoredFile made = FileUpload.receive(context.req(), exchange.organization(), files, settings);
    exchange.reply(200, json(made, beta));
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    if (BetaHeader.asks(context, BetaHeader.FILES)) {
      exchange.reply(200, betaPage(exchange));
    } else if (context.queryParams("ids[]").isEmpty()) {
      exchange.reply(
          200,
          PageJson.write(files.list(exchange.organization(), exchange.page()), FileJson::write));
    } else {
      Page<StoredFile> found = new Page<>(byIds(exchange), Optional.empty());
      exchange.reply(200, PageJson.write(found, FileJson::write));
    }
  }

  /** No file of ours belongs to a session, so a list of one session's files is empty. */
  private ObjectNode betaPage(Exchange exchange) {
    if (exchange.query("scope_id").isPresent()) {
      return CursorPageJson.write(new CursorPage<>(List.of(), false), FileJson::writeBeta);
    }
    return CursorPageJson.write(
        files.list(exchange.organization(), exchange.cursor()), FileJson::writeBeta);
  }

  private List<StoredFile> byIds(Exchange exchange) {
    if (exchange.query("page").isPresent() || exchange.query("limit").isPresent()) {
      throw new CaissonException.InvalidRequest("ids[]: cannot be combined with page or limit");
    }
    List<String> ids = exchange.context().queryParams("ids[]").stream().distinct().toList();
    if (ids.size() > MAX_IDS) {
      throw new CaissonException.InvalidRequest("ids[]: at most " + MAX_IDS + " ids");
    }
    return files.find(
        exchange.organization(), ids.stream().flatMap(text -> id(text).stream()).toList());
  }

  private void read(Context context) {
    Exchange exchange = new Exchange(context);
    boolean beta = BetaHeader.asks(context, BetaHeader.FILES);
    exchange.reply(200, json(files.get(exchange.organization(), exchange.fileId()), beta));
  }

  private void download(Context context) {
    Exchange exchange = new Exchange(context);
    OrganizationId organization = exchange.organization();
    StoredFile file = files.downloadable(organization, exchange.fileId());
    Optional<HttpRange> asked = HttpRange.parse(context.header("range"));
    ByteRange range = asked.map(part -> part.in(file.sizeBytes())).orElse(ByteRange.ALL);
    FileContent content = files.download(organization, file.id(), range);
    // No range of an empty file can be written down: whatever fits it is all of it.
    boolean part = asked.isPresent() && file.sizeBytes() > 0;
    FileReply.send(context, content, file.filename(), file.mimeType(), part, range.offset());
  }

  private static ObjectNode json(StoredFile file, boolean beta) {
    return beta ? FileJson.writeBeta(file) : FileJson.write(file);
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
