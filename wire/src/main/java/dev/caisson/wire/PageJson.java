package dev.caisson.wire;

import dev.caisson.domain.Page;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A list as JSON: {@code {data: [...], next_page}}, where {@code next_page} may be null. */
public final class PageJson {
  private PageJson() {}

  public static <T> ObjectNode write(Page<T> page, Function<T, ? extends JsonNode> item) {
    ObjectNode json = Json.object();
    ArrayNode data = json.putArray("data");
    page.items().forEach(element -> data.add(item.apply(element)));
    page.next()
        .ifPresentOrElse(next -> json.put("next_page", next), () -> json.putNull("next_page"));
    return json;
  }

  public static <T> Page<T> read(JsonNode json, Function<JsonNode, T> item) {
    JsonFields fields = JsonFields.of(json, "");
    List<T> items = fields.array("data").stream().map(item).toList();
    Optional<String> next = fields.string("next_page");
    return new Page<>(items, next);
  }
}
