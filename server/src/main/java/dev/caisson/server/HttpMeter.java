package dev.caisson.server;

import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import java.time.Duration;
import java.util.Set;

/** Counts and times requests by their route, never by their path. */
final class HttpMeter {
  private static final String BEGUN = "caisson.begun-nanos";

  /** A client can make up methods. */
  private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "DELETE");

  private static final String OTHER = "other";

  private final Metrics metrics;

  HttpMeter(Metrics metrics) {
    this.metrics = metrics;
  }

  static void begin(Context context) {
    context.attribute(BEGUN, System.nanoTime());
  }

  void end(Context context) {
    Long begun = context.attribute(BEGUN);
    if (begun == null) {
      return;
    }
    Endpoint endpoint = context.endpoints().matchedHttpEndpoint();
    String method = context.method().name();
    metrics.answered(
        METHODS.contains(method) ? method : OTHER,
        endpoint == null ? OTHER : endpoint.path,
        context.res().isCommitted() ? context.res().getStatus() : context.statusCode(),
        Duration.ofNanos(System.nanoTime() - begun));
  }
}
