package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.IdKind;
import dev.caisson.wire.Clip;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** Every failure leaves as the envelope of the contract, whoever noticed it. */
final class ErrorReplies {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorReplies.class);

  /** RFC 9110, section 5.6.7: for waits of days a date says more than seconds. */
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT);

  /** Idle containers expire and operators clear up in minutes rather than seconds. */
  private static final Duration HOST_FULL_WAIT = Duration.ofSeconds(30);

  private ErrorReplies() {}

  static void register(JavalinConfig config) {
    config.routes.exception(CaissonException.class, (e, context) -> reply(context, e));
    config.routes.exception(HttpResponseException.class, ErrorReplies::unmatched);
    config.routes.exception(Exception.class, (e, context) -> reply(context, unexpected(e)));
    config.router.javaLangErrorHandler(ErrorReplies::brokenMachine);
    config.jetty.modifyServer(server -> server.setErrorHandler(new BeforeRouting()));
  }

  /** What a failure that nobody foresaw looks like from outside. */
  static CaissonException unexpected(Exception failure) {
    return failure instanceof CaissonException known
        ? known
        : new CaissonException.Internal("the server failed at this request", failure);
  }

  /** An error that a stream of events ends with, which has no status line for it any more. */
  static CaissonException told(RuntimeException failure, String requestId) {
    CaissonException error = unexpected(failure);
    log(error, ErrorJson.of(error).status(), requestId);
    return error;
  }

  /** Out of memory or stack: still the envelope, as far as it can be written. */
  private static void brokenMachine(HttpServletResponse response, Error error) {
    LOG.error("request failed", error);
    if (response.isCommitted()) {
      return;
    }
    response.resetBuffer();
    response.setStatus(500);
    response.setHeader("x-should-retry", "false");
    response.setContentType("application/json");
    String requestId = response.getHeader("request-id");
    ObjectNode envelope =
        ErrorJson.of(500)
            .envelope("the server failed at this request", requestId == null ? "" : requestId);
    try {
      response.getOutputStream().write(Json.bytes(envelope));
    } catch (IOException e) {
      LOG.debug("client gone request={}", requestId);
    }
  }

  private static void reply(Context context, CaissonException error) {
    Exchange exchange = new Exchange(context);
    int status = ErrorJson.of(error).status();
    log(error, status, exchange.requestId());
    if (context.res().isCommitted()) {
      return;
    }
    context.res().resetBuffer();
    retryAdvice(exchange, error, status);
    if (error instanceof CaissonException.RangeNotSatisfiable range) {
      context.header("content-range", "bytes */" + range.sizeBytes());
    }
    send(exchange, status, ErrorJson.write(error, exchange.requestId()));
  }

  private static void send(Exchange exchange, int status, ObjectNode envelope) {
    HttpServletRequest request = exchange.context().req();
    if (RequestBody.isUnread(request)) {
      exchange.replyNow(status, envelope);
      RequestBody.drain(request);
    } else {
      exchange.reply(status, envelope);
    }
  }

  /** SDKs retry 408, 409, 429 and 5xx by themselves, which must not run code twice. */
  private static void retryAdvice(Exchange exchange, CaissonException error, int status) {
    boolean retriedBySdks = status == 408 || status == 409 || status == 429 || status >= 500;
    if (error instanceof CaissonException.Busy
        || (error instanceof CaissonException.HostFull full && full.early())) {
      exchange.ranNoCode(); // it is said before anything runs
    }
    if (retriedBySdks && (exchange.mayHaveRunCode() || !error.retryable())) {
      exchange.context().header("x-should-retry", "false");
    }
    Optional<String> retryAfter =
        switch (error) {
          case CaissonException.Busy busy -> Optional.of(seconds(busy.retryAfter()));
          case CaissonException.HostFull full -> Optional.of(seconds(HOST_FULL_WAIT));
          case CaissonException.Conflict conflict ->
              conflict.retryAfter().map(ErrorReplies::seconds);
          case CaissonException.OverQuota over -> over.relief().map(ErrorReplies::httpDate);
          case CaissonException.Upstream upstream -> upstream.retryAfter();
          default -> Optional.empty();
        };
    retryAfter.ifPresent(value -> exchange.context().header("retry-after", value));
  }

  private static String seconds(Duration wait) {
    return Long.toString(Math.max(1, wait.toSeconds()));
  }

  private static String httpDate(Instant instant) {
    return HTTP_DATE.format(instant.atOffset(ZoneOffset.UTC));
  }

  private static void log(CaissonException error, int status, String requestId) {
    if (error instanceof CaissonException.Upstream) {
      LOG.warn(
          "upstream failed status={} request={} message={}", status, requestId, error.getMessage());
    } else if (error instanceof CaissonException.HostFull full && full.early()) {
      // Counted (see docs/metrics.md): a line for each would fill what is left of the disk.
      LOG.debug("refused request={} message={}", requestId, error.getMessage());
    } else if (error instanceof CaissonException.Unavailable
        || error instanceof CaissonException.HostFull) {
      LOG.warn(
          "request failed status={} request={} message={}", status, requestId, error.getMessage());
    } else if (status >= 500) {
      LOG.error("request failed status={} request={}", status, requestId, error);
    }
  }

  /** No route, or a route without this method. */
  private static void unmatched(HttpResponseException e, Context context) {
    int status = e.getStatus();
    String request = context.method() + " " + Clip.word(context.path());
    String message =
        switch (status) {
          case 404 -> "No such route: " + request;
          case 405 -> "Method not allowed: " + request;
          default -> String.valueOf(e.getMessage());
        };
    Exchange exchange = new Exchange(context);
    send(exchange, status, ErrorJson.of(status).envelope(message, exchange.requestId()));
  }

  /** What Jetty refuses before there is a route: bad request lines, headers, escapes in paths. */
  private static final class BeforeRouting extends ErrorHandler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      int status = response.getStatus() >= 400 ? response.getStatus() : 500;
      Object message = request.getAttribute(ERROR_MESSAGE);
      ObjectNode body =
          envelope(status, message == null ? null : message.toString(), response.getHeaders());
      response.write(true, ByteBuffer.wrap(Json.bytes(body)), callback);
      return true;
    }

    private static ObjectNode envelope(
        int status, @Nullable String reason, HttpFields.Mutable fields) {
      String requestId = IdKind.REQUEST.next();
      fields.put("request-id", requestId);
      fields.put(HttpHeader.CONTENT_TYPE, "application/json");
      fields.put("x-content-type-options", "nosniff");
      // Jetty may close the connection after this, and a client must not use it again.
      fields.put(HttpHeader.CONNECTION, "close");
      String message =
          status >= 500 || reason == null
              ? "the request could not be read"
              : "the request could not be read: " + Clip.word(reason);
      return ErrorJson.of(status).envelope(message, requestId);
    }
  }
}
