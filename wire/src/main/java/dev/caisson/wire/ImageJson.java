package dev.caisson.wire;

import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** An image as JSON: {@code {name, type: "image", digest, packages, missing}}. */
public final class ImageJson {
  private ImageJson() {}

  public static ObjectNode write(
      String name, String digest, List<String> packages, List<String> missing) {
    ObjectNode json = Json.object().put("name", name).put("type", "image").put("digest", digest);
    var installed = json.putArray("packages");
    packages.forEach(installed::add);
    var absent = json.putArray("missing");
    missing.forEach(absent::add);
    return json;
  }
}
