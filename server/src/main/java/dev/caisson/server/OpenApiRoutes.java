package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Json;
import io.javalin.config.RoutesConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** {@code /openapi.json}: what every route takes and answers; it needs no key. */
final class OpenApiRoutes {
  private static final String DOCUMENT = "openapi.yaml";

  /** Read when it is first asked for: most servers are never asked. */
  private volatile @Nullable JsonNode document;

  void register(RoutesConfig routes) {
    routes.get("/openapi.json", context -> new Exchange(context).reply(200, document()));
  }

  private JsonNode document() {
    JsonNode known = document;
    if (known == null) {
      known = read();
      document = known;
    }
    return known;
  }

  private static JsonNode read() {
    try (InputStream in = OpenApiRoutes.class.getResourceAsStream(DOCUMENT)) {
      if (in == null) {
        throw new CaissonException.Internal("resource " + DOCUMENT + " is missing");
      }
      return Json.parse(Json.bytes(new YAMLMapper().readTree(in)), DOCUMENT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
