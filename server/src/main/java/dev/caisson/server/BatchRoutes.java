package dev.caisson.server;

import dev.caisson.domain.Batch;
import dev.caisson.domain.BatchHeaders;
import dev.caisson.domain.BatchId;
import dev.caisson.domain.BatchResult;
import dev.caisson.domain.ByteSize;
import dev.caisson.engine.BatchDraft;
import dev.caisson.engine.Batches;
import dev.caisson.messages.MessageHeaders;
import dev.caisson.wire.BatchJson;
import dev.caisson.wire.BatchRequestReader;
import dev.caisson.wire.CursorPageJson;
import dev.caisson.wire.Json;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/messages/batches}. */
final class BatchRoutes {
  private static final String ROUTE = "/v1/messages/batches";

  /** The Batches API takes 256 MB. */
  private static final ByteSize BODY_LIMIT = new ByteSize(256_000_000);

  /** A result may have megabytes, and only so many are in memory at once. */
  private static final int RESULTS_AT_ONCE = 8;

  private final Batches batches;

  BatchRoutes(Batches batches) {
    this.batches = batches;
  }

  void register(RoutesConfig routes) {
    routes.post(ROUTE, this::create);
    routes.get(ROUTE, this::list);
    routes.get(ROUTE + "/{id}", this::read);
    routes.post(ROUTE + "/{id}/cancel", this::cancel);
    routes.get(ROUTE + "/{id}/results", this::results);
    routes.delete(ROUTE + "/{id}", this::delete);
  }

  private void create(Context context) {
    Exchange exchange = new Exchange(context);
    MessageHeaders headers = MessageRoutes.headers(context.req());
    BatchHeaders kept =
        new BatchHeaders(headers.version(), String.join(",", headers.forwardedBetas()));
    try (BatchDraft draft = batches.begin(exchange.organization(), exchange.key(), kept)) {
      BatchRequestReader.read(RequestBody.stream(context.req(), BODY_LIMIT), draft::add);
      exchange.reply(200, json(context, draft.make()));
    }
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200,
        CursorPageJson.write(
            batches.list(exchange.organization(), exchange.cursor()),
            batch -> json(context, batch)));
  }

  private void read(Context context) {
    new Exchange(context).reply(200, json(context, batch(context)));
  }

  private void cancel(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(200, json(context, batches.cancel(exchange.organization(), exchange.batchId())));
  }

  private void delete(Context context) {
    Exchange exchange = new Exchange(context);
    BatchId id = exchange.batchId();
    batches.delete(exchange.organization(), id);
    exchange.reply(200, BatchJson.writeDeleted(id));
  }

  private void results(Context context) {
    Batch batch = batch(context);
    List<BatchResult> part = batches.results(batch, -1, RESULTS_AT_ONCE);
    context.contentType("application/x-jsonl");
    try {
      OutputStream out = context.res().getOutputStream();
      while (!part.isEmpty()) {
        for (BatchResult result : part) {
          out.write(Json.bytes(BatchJson.write(result)));
          out.write('\n');
        }
        part = batches.results(batch, part.getLast().position(), RESULTS_AT_ONCE);
      }
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Batch batch(Context context) {
    Exchange exchange = new Exchange(context);
    return batches.get(exchange.organization(), exchange.batchId());
  }

  /** The address that the client itself has used: some SDKs ask for results by this URL. */
  private static ObjectNode json(Context context, Batch batch) {
    String forwarded = context.header("x-forwarded-proto");
    String scheme = "https".equals(forwarded) ? forwarded : context.scheme();
    return BatchJson.write(
        batch, scheme + "://" + context.host() + ROUTE + "/" + batch.id() + "/results");
  }
}
