package dev.caisson.server;

import dev.caisson.domain.BatchId;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CellId;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.CursorRequest;
import dev.caisson.domain.FileId;
import dev.caisson.domain.IdKind;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Principal;
import dev.caisson.domain.Requester;
import dev.caisson.domain.SkillId;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** One request and its reply, as the routes see them. Text that is no id names nothing: 404. */
final class Exchange {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
  private static final String REQUEST_ID = "caisson.request-id";
  private static final String PRINCIPAL = "caisson.principal";
  private static final String RAN_CODE = "caisson.ran-code";
  private static final String RECORD = "caisson.record";

  private final Context context;

  Exchange(Context context) {
    this.context = context;
  }

  Context context() {
    return context;
  }

  /** Gives the request its id, which every reply carries. */
  static void begin(Context context) {
    requestId(context);
  }

  /** The id of a request; made when something failed before {@link #begin}. */
  static String requestId(Context context) {
    String id = context.attribute(REQUEST_ID);
    if (id == null) {
      id = IdKind.REQUEST.next();
      context.attribute(REQUEST_ID, id);
      context.header("request-id", id);
    }
    return id;
  }

  String requestId() {
    return requestId(context);
  }

  void authenticated(Principal principal) {
    context.attribute(PRINCIPAL, principal);
    context.header("anthropic-organization-id", principal.organizationId().value());
  }

  OrganizationId organization() {
    return principal().organizationId();
  }

  KeyId key() {
    return principal().keyId();
  }

  /** Whose request it is, as the ledger names it. */
  Requester requester() {
    return new Requester(requestId(), organization(), Optional.of(key()));
  }

  private Principal principal() {
    Principal principal = context.attribute(PRINCIPAL);
    if (principal == null) {
      throw new CaissonException.Unauthenticated("x-api-key: header is required");
    }
    return principal;
  }

  /** From now on a blind retry could run code twice. */
  void codeMayHaveRun() {
    context.attribute(RAN_CODE, true);
  }

  /** Nothing has run after all. */
  void ranNoCode() {
    context.attribute(RAN_CODE, false);
  }

  /** From now on what is replied is taken down. */
  void record(ReplyRecord record) {
    context.attribute(RECORD, record);
  }

  Optional<ReplyRecord> record() {
    return Optional.ofNullable(context.attribute(RECORD));
  }

  boolean mayHaveRunCode() {
    return Boolean.TRUE.equals(context.attribute(RAN_CODE));
  }

  /** The whole body as JSON. */
  JsonNode json(ServerSettings settings) {
    return Json.parse(RequestBody.whole(context.req(), settings.jsonLimit()), "request body");
  }

  ContainerId containerId() {
    return id("id", ContainerId::new, CaissonException.NotFound::container);
  }

  CellId cellId() {
    return id("cell", CellId::new, CaissonException.NotFound::cell);
  }

  FileId fileId() {
    return id("id", FileId::new, CaissonException.NotFound::file);
  }

  BatchId batchId() {
    return id("id", BatchId::new, CaissonException.NotFound::batch);
  }

  SkillId skillId() {
    return id("id", SkillId::new, CaissonException.NotFound::skill);
  }

  private <T> T id(
      String parameter, Function<String, T> form, Function<String, CaissonException> unknown) {
    String text = context.pathParam(parameter);
    try {
      return form.apply(text);
    } catch (IllegalArgumentException e) {
      throw unknown.apply(Clip.word(text));
    }
  }

  /** {@code limit} and {@code page} of the query. */
  PageRequest page() {
    return new PageRequest(limit(), query("page"));
  }

  /** {@code limit}, {@code after_id} and {@code before_id} of the query. */
  CursorRequest cursor() {
    return new CursorRequest(limit(), query("after_id"), query("before_id"));
  }

  Optional<String> query(String name) {
    return Optional.ofNullable(context.queryParam(name));
  }

  private int limit() {
    String limit = context.queryParam("limit");
    try {
      return limit == null ? PageRequest.DEFAULT_LIMIT : Integer.parseInt(limit);
    } catch (NumberFormatException e) {
      throw new CaissonException.InvalidRequest("limit: Input should be a valid integer");
    }
  }

  /** Sends a reply before the request has been read to its end. */
  void replyNow(int status, JsonNode json) {
    byte[] bytes = Json.bytes(json);
    HttpServletResponse response = context.res();
    response.setStatus(status);
    response.setContentType("application/json");
    response.setContentLength(bytes.length);
    try {
      response.getOutputStream().write(bytes);
      response.flushBuffer();
    } catch (IOException e) {
      LOG.debug("client gone request={}", requestId());
    }
  }

  void reply(int status, JsonNode json) {
    byte[] bytes = Json.bytes(json);
    record().ifPresent(record -> record.write(bytes));
    context.status(status).contentType("application/json").result(bytes);
  }
}
