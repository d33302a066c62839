package dev.caisson.testkit;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The server's {@code /openapi.json}, and whether a reply is as it says. Fetched once for all tests
 * of a JVM. Safe for use from many threads.
 */
final class OpenApiDocument {
  private static final Set<String> METHODS = Set.of("get", "head", "post", "put", "delete");

  /** Path parameters that take slashes. */
  private static final List<String> DEEP = List.of("{path}", "/v1/models/{id}");

  private static volatile @Nullable OpenApiDocument known;

  private final JsonNode document;
  private final SchemaRegistry registry =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private final Map<JsonNode, Schema> schemas = new ConcurrentHashMap<>();
  private final List<Template> templates;

  private OpenApiDocument(JsonNode document) {
    this.document = document;
    this.templates =
        document.path("paths").properties().stream()
            .map(path -> new Template(path.getKey(), pattern(path.getKey()), path.getValue()))
            // What is spelled out comes before what a parameter would match as well.
            .sorted(Comparator.comparing(template -> template.path().contains("{")))
            .toList();
  }

  static OpenApiDocument of(URI server) {
    OpenApiDocument document = known;
    if (document == null) {
      try (var in = server.resolve("/openapi.json").toURL().openStream()) {
        document = new OpenApiDocument(Json.parse(in.readAllBytes(), "openapi.json"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      known = document;
    }
    return document;
  }

  private static Pattern pattern(String path) {
    StringBuilder pattern = new StringBuilder();
    for (String part : path.substring(1).split("/", -1)) {
      boolean deep = part.equals(DEEP.getFirst()) || path.equals(DEEP.getLast());
      pattern.append('/');
      pattern.append(part.startsWith("{") ? deep ? ".+" : "[^/]+" : Pattern.quote(part));
    }
    return Pattern.compile(pattern.toString());
  }

  /** What is described, such as {@code GET /v1/files/{id}}. */
  Set<String> operations() {
    Set<String> operations = new TreeSet<>();
    for (Template template : templates) {
      for (String method : template.item().propertyNames()) {
        if (METHODS.contains(method)) {
          operations.add(method.toUpperCase(Locale.ROOT) + " " + template.path());
        }
      }
    }
    return operations;
  }

  /** The document as it stands. */
  JsonNode json() {
    return document;
  }

  /**
   * Throws AssertionError when a reply is not as described.
   *
   * @param target path and query
   * @return the operation that it was a reply of; empty for what is no route
   */
  Optional<String> check(String method, String target, RawHttp.Answer answer) {
    String path = target.replaceFirst("[?#].*", "");
    Optional<Template> template =
        templates.stream()
            .filter(one -> one.item().has(method.toLowerCase(Locale.ROOT)))
            .filter(one -> one.pattern().matcher(path).matches())
            .findFirst();
    JsonNode response =
        template
            .map(one -> one.item().path(method.toLowerCase(Locale.ROOT)).path("responses"))
            .map(responses -> response(responses, answer.status()))
            .orElseGet(() -> document.at("/components/responses/Error"));
    String what = method + " " + target + " -> " + answer.status();
    if (response.isMissingNode()) {
      throw new AssertionError(what + " is not described: " + answer.text());
    }
    if (method.equals("HEAD")) {
      return template.map(one -> method + " " + one.path());
    }
    String type = answer.header("content-type").replaceFirst(";.*", "");
    JsonNode content = resolve(response).path("content");
    JsonNode media = content.path(type).isMissingNode() ? content.path("*/*") : content.path(type);
    if (media.isMissingNode()) {
      throw new AssertionError(what + " has a content type that is not described: " + type);
    }
    if (type.equals("application/json") && content.has(type)) {
      checkBody(what, media.path("schema"), answer.json());
    }
    return template.map(one -> method + " " + one.path());
  }

  private void checkBody(String what, JsonNode schema, JsonNode body) {
    List<Error> errors = schemas.computeIfAbsent(schema, this::compile).validate(body);
    if (!errors.isEmpty()) {
      throw new AssertionError(what + " is not as /openapi.json says: " + errors + "\n" + body);
    }
  }

  private Schema compile(JsonNode schema) {
    ObjectNode whole = (ObjectNode) schema.deepCopy();
    whole.set("components", document.path("components"));
    return registry.getSchema(whole);
  }

  private static JsonNode response(JsonNode responses, int status) {
    JsonNode exact = responses.path(Integer.toString(status));
    return exact.isMissingNode() && status >= 400 ? responses.path("default") : exact;
  }

  private JsonNode resolve(JsonNode node) {
    JsonNode reference = node.path("$ref");
    return reference.isMissingNode() ? node : document.at(reference.asString().substring(1));
  }

  private record Template(String path, Pattern pattern, JsonNode item) {}
}
