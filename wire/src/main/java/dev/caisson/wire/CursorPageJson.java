package dev.caisson.wire;

import dev.caisson.domain.CursorPage;
import java.util.function.Function;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A list as JSON: {@code {data: [...], has_more, first_id, last_id}}. */
public final class CursorPageJson {
  private CursorPageJson() {}

  /** Each item is written with its {@code id}; the ids of an empty page are null. */
  public static <T> ObjectNode write(CursorPage<T> page, Function<T, ObjectNode> item) {
    ObjectNode json = Json.object();
    ArrayNode data = json.putArray("data");
    page.items().forEach(element -> data.add(item.apply(element)));
    json.put("has_more", page.hasMore());
    json.set("first_id", data.path(0).path("id").deepCopy());
    json.set("last_id", data.path(data.size() - 1).path("id").deepCopy());
    return json;
  }
}
