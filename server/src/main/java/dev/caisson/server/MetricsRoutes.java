package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * {@code /metrics}, in the text format of Prometheus. It tells of all organizations together, so no
 * API key opens it: a token of its own does, or, where there is none, being on this machine.
 */
final class MetricsRoutes {
  private static final String BEARER = "Bearer ";

  /** A proxy on this machine speaks for callers from elsewhere. */
  private static final List<String> FORWARDED =
      List.of("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via");

  private final Metrics metrics;
  private final Optional<String> token;
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

  MetricsRoutes(Metrics metrics, Optional<String> token) {
    this.metrics = metrics;
    this.token = token;
  }

  void register(RoutesConfig routes) {
    routes.get("/metrics", this::read);
  }

  private void read(Context context) {
    check(context);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try {
      writer.write(text, metrics.scrape(), EscapingScheme.DEFAULT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    context.contentType(writer.getContentType()).result(text.toByteArray());
  }

  private void check(Context context) {
    if (token.isEmpty()) {
      if (!local(context)) {
        throw new CaissonException.PermissionDenied(
            "metrics are for callers on the server's own machine, unless a metrics-token is set");
      }
    } else if (!same(token.get(), given(context))) {
      throw new CaissonException.Unauthenticated(
          "Authorization: Bearer with the server's metrics-token is required");
    }
  }

  private static boolean local(Context context) {
    try {
      return FORWARDED.stream().allMatch(name -> context.header(name) == null)
          && InetAddress.getByName(context.req().getRemoteAddr()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static String given(Context context) {
    String authorization = context.header("authorization");
    return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? authorization.substring(BEARER.length()).strip()
        : "";
  }

  private static boolean same(String kept, String given) {
    return MessageDigest.isEqual(
        kept.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
  }
}
