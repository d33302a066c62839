package dev.caisson.server;

import dev.caisson.engine.Audit;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;

/** Has every deletion written down, whichever route it went by, before it is answered. */
final class DeletionAudit {
  private static final String API = "/v1/";

  private final Audit audit;

  DeletionAudit(Audit audit) {
    this.audit = audit;
  }

  void after(Context context) {
    if (!context.method().equals(HandlerType.DELETE)) {
      return;
    }
    int status = context.res().isCommitted() ? context.res().getStatus() : context.statusCode();
    if (status < 300) {
      audit.deleted(new Exchange(context).requester(), object(context));
    }
  }

  /** What the client called it; file names are decoded as the route decoded them. */
  private static String object(Context context) {
    String file = context.pathParamMap().get("path");
    return file == null
        ? context.path().substring(API.length())
        : "containers/" + context.pathParam("id") + "/files/" + file;
  }
}
