package dev.caisson.wire;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Fork;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A fork, and the request for one, as JSON: the new container, with what was copied. */
public final class ForkJson {
  private ForkJson() {}

  public static ObjectNode write(Fork fork) {
    ObjectNode json = ContainerJson.write(fork.container());
    ObjectNode forked =
        json.putObject("forked")
            .put("from", fork.from().value())
            .put("files", fork.files())
            .put("bytes", fork.bytes())
            .put("shared_files", fork.sharedFiles());
    ArrayNode skipped = forked.putArray("skipped");
    fork.skipped().forEach(skipped::add);
    forked.put("skipped_count", fork.skippedCount());
    return json;
  }

  /** Reads what {@link #write} wrote, here or in another version: unknown fields are ignored. */
  public static Fork read(JsonNode json) {
    JsonFields forked =
        JsonFields.of(json, "fork")
            .object("forked")
            .orElseThrow(() -> JsonFields.invalid("fork.forked", "Field required"));
    return new Fork(
        ContainerJson.read(json),
        new ContainerId(forked.requiredString("from")),
        forked.requiredInteger("files", 0, Long.MAX_VALUE),
        forked.requiredInteger("bytes", 0, Long.MAX_VALUE),
        forked.requiredInteger("shared_files", 0, Long.MAX_VALUE),
        forked.strings("skipped"),
        forked.requiredInteger("skipped_count", 0, Long.MAX_VALUE));
  }

  public static ObjectNode writeRequest(Optional<Map<String, String>> labels) {
    ObjectNode json = Json.object();
    labels.ifPresent(all -> all.forEach(json.putObject("labels")::put));
    return json;
  }

  /** Reads a request strictly: the labels of the new container, empty for the original's. */
  public static Optional<Map<String, String>> readRequest(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "");
    boolean given = json.has("labels");
    Map<String, String> labels = ContainerJson.labels(fields);
    fields.rejectUnknown();
    return given ? Optional.of(labels) : Optional.empty();
  }
}
