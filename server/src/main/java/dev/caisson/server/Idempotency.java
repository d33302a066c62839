package dev.caisson.server;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.IdempotentRequest;
import dev.caisson.domain.KeptReply;
import dev.caisson.domain.OrganizationId;
import dev.caisson.engine.IdempotentRequests;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * {@code Idempotency-Key} on a POST: the same request with the same key is run once, and answered
 * again with the same reply. A request that changed nothing leaves its key unused.
 */
final class Idempotency {
  private static final String HEADER = "idempotency-key";
  private static final String REPLAYED = "idempotent-replayed";
  private static final String RUN = "caisson.idempotent-run";

  /** It changes nothing. */
  private static final String COUNT_TOKENS = "/v1/messages/count_tokens";

  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");

  /** Routes that take no body leave unread what a client sends all the same. */
  private static final ByteSize UNREAD_LIMIT = ByteSize.ofMebibytes(1);

  private final IdempotentRequests requests;
  private final ServerSettings settings;

  Idempotency(IdempotentRequests requests, ServerSettings settings) {
    this.requests = requests;
    this.settings = settings;
  }

  /** Before a request is run: answers it here if it need not be. */
  void before(Context context) {
    String key = context.header(HEADER);
    if (key == null
        || !context.method().equals(HandlerType.POST)
        || context.path().equals(COUNT_TOKENS)) {
      return;
    }
    if (!KEY.matcher(key).matches()) {
      throw new InvalidRequest(
          "Idempotency-Key: must have 1 to 255 visible ASCII characters and no spaces");
    }
    Exchange exchange = new Exchange(context);
    String request = "POST " + context.path() + query(context);
    Optional<IdempotentRequest> earlier =
        requests.begin(exchange.organization(), key, exchange.requestId(), request);
    if (earlier.isPresent()) {
      answer(exchange, key, request, earlier.get());
      return;
    }
    ReplyRecord record = new ReplyRecord(IdempotentRequests.MAX_REPLY_BYTES);
    BodyDigest digest = new BodyDigest(context.contentType());
    RequestBody.digest(context.req(), digest);
    exchange.record(record);
    context.attribute(
        RUN, new Run(exchange.organization(), key, exchange.requestId(), digest, record));
  }

  private static String query(Context context) {
    String query = context.queryString();
    return query == null ? "" : "?" + query;
  }

  private void answer(Exchange exchange, String key, String request, IdempotentRequest earlier) {
    String what =
        "Idempotency-Key: request `"
            + earlier.id()
            + "` ("
            + earlier.request()
            + ") came with `"
            + key
            + "` at "
            + earlier.begunAt();
    switch (earlier.state()) {
      case RUNNING ->
          throw new Conflict(what + " and is still being worked on", Duration.ofSeconds(1));
      case UNKNOWN ->
          throw new Conflict(
              what
                  + "; the server ended while it worked on it, so its outcome is not known, and it"
                  + " is not run again: look at what it was to change (containers and their cells,"
                  + " files, batches), and use another key to run it anew");
      case UNKEPT -> {
        requireSame(exchange, what, request, earlier);
        throw new Conflict(
            what
                + " and has been run; its reply cannot be repeated, as it broke off or was over "
                + new ByteSize(IdempotentRequests.MAX_REPLY_BYTES));
      }
      case KEPT -> {
        requireSame(exchange, what, request, earlier);
        earlier.reply().ifPresent(reply -> replay(exchange.context(), reply));
      }
    }
  }

  private void requireSame(
      Exchange exchange, String what, String request, IdempotentRequest earlier) {
    HttpServletRequest servletRequest = exchange.context().req();
    BodyDigest digest = new BodyDigest(exchange.context().contentType());
    RequestBody.digest(servletRequest, digest);
    RequestBody.skip(servletRequest, settings.contentLimit());
    if (!request.equals(earlier.request())
        || !earlier.bodySha256().equals(Optional.of(digest.hex()))) {
      throw new InvalidRequest(what + " and was another request; use another key");
    }
  }

  private static void replay(Context context, KeptReply reply) {
    context.status(reply.status()).contentType(reply.contentType()).header(REPLAYED, "true");
    if (reply.status() >= 400) {
      // It would be the same again.
      context.header("x-should-retry", "false");
    }
    context.result(reply.text()).skipRemainingHandlers();
  }

  /** After a request was run, before its reply is sent: what it was answered is kept. */
  void after(Context context) {
    Run run = context.attribute(RUN);
    if (run == null) {
      return;
    }
    Exchange exchange = new Exchange(context);
    int status = context.res().isCommitted() ? context.res().getStatus() : context.statusCode();
    if (status >= 400 && !exchange.mayHaveRunCode()) {
      requests.forget(run.organization(), run.key(), run.requestId());
      return;
    }
    readRest(context.req());
    String type = context.res().getContentType();
    requests.complete(
        run.organization(),
        run.key(),
        run.requestId(),
        run.digest().hex(),
        run.record().reply(status, type == null ? "application/json" : type));
  }

  private static void readRest(HttpServletRequest request) {
    try {
      if (RequestBody.isUnread(request)) {
        RequestBody.skip(request, UNREAD_LIMIT);
      }
    } catch (CaissonException e) {
      return; // the client has gone or sends too much: its body will not be known again
    }
  }

  private record Run(
      OrganizationId organization,
      String key,
      String requestId,
      BodyDigest digest,
      ReplyRecord record) {}
}
