package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CursorPage;
import dev.caisson.domain.CursorRequest;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import dev.caisson.wire.Timestamps;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The models that a message can be asked of: those of the upstream, and {@code caisson-direct}. An
 * upstream that does not tell costs its own entries and nothing else. Safe for use from many
 * threads.
 */
public final class Models {
  private static final String TYPE = "model";

  private final JsonNode own = Json.parse(Resources.text("caisson-direct.json"), "caisson-direct");
  private final @Nullable UpstreamQueries upstream;

  Models(@Nullable UpstreamQueries upstream) {
    this.upstream = upstream;
  }

  /**
   * A part of the list, ours first; throws InvalidRequest when the model that the request names is
   * not in it.
   *
   * @param lifecycles of models that are wanted, such as {@code active}; empty for all
   */
  public CursorPage<ObjectNode> list(CursorRequest request, Set<String> lifecycles) {
    List<ObjectNode> models =
        all().stream()
            .filter(model -> lifecycles.isEmpty() || lifecycles.contains(lifecycle(model)))
            .toList();
    if (request.beforeId().isPresent()) {
      int end = index(models, request.beforeId().get(), "before_id");
      int start = Math.max(0, end - request.limit());
      return new CursorPage<>(models.subList(start, end), start > 0);
    }
    int start = request.afterId().map(id -> index(models, id, "after_id") + 1).orElse(0);
    int end = Math.min(models.size(), start + request.limit());
    return new CursorPage<>(models.subList(start, end), end < models.size());
  }

  private static int index(List<ObjectNode> models, String id, String parameter) {
    for (int i = 0; i < models.size(); i++) {
      if (id(models.get(i)).equals(id)) {
        return i;
      }
    }
    throw new CaissonException.InvalidRequest(parameter + ": there is no such item in this list");
  }

  /** A model by its id or another name that the upstream knows; throws NotFound. */
  public ObjectNode get(String id) {
    if (id.equals(DirectModel.NAME)) {
      return own.deepCopy().asObject();
    }
    Optional<ObjectNode> model =
        upstream == null ? Optional.empty() : upstream.model(id).flatMap(Models::entry);
    return model
        .or(() -> all().stream().filter(entry -> id(entry).equals(id)).findFirst())
        .orElseThrow(
            () -> new CaissonException.NotFound("Model `" + Clip.word(id) + "` not found."));
  }

  private List<ObjectNode> all() {
    List<ObjectNode> models = new ArrayList<>();
    models.add(own.deepCopy().asObject());
    if (upstream != null) {
      upstream.models().stream()
          .flatMap(model -> entry(model).stream())
          .filter(model -> !id(model).equals(DirectModel.NAME))
          .forEach(models::add);
    }
    return models;
  }

  /**
   * An upstream's entry with the fields that typed SDKs cannot do without: servers of the Messages
   * format often list their models in the shape of another API. Empty when it has no id.
   */
  private static Optional<ObjectNode> entry(JsonNode given) {
    if (!given.isObject() || id(given).isEmpty()) {
      return Optional.empty();
    }
    ObjectNode model = given.deepCopy().asObject();
    model.put("type", TYPE).remove("object");
    if (!model.path("display_name").isString()) {
      model.put("display_name", id(given));
    }
    if (!model.path("created_at").isString()) {
      JsonNode seconds = given.path("created");
      boolean told = seconds.isIntegralNumber() && seconds.canConvertToInt();
      model.put(
          "created_at", Timestamps.format(Instant.ofEpochSecond(told ? seconds.intValue() : 0)));
    }
    if (!model.path("lifecycle").isString()) {
      model.put("lifecycle", "active");
    }
    if (model.path("capabilities").isObject()) {
      // It is we who run the code, whoever writes it.
      model.withObject("capabilities").putObject("code_execution").put("supported", true);
    }
    return Optional.of(model);
  }

  private static String id(JsonNode model) {
    return model.path("id").asStringOpt().orElse("");
  }

  private static String lifecycle(JsonNode model) {
    return model.path("lifecycle").asStringOpt().orElse("");
  }
}
