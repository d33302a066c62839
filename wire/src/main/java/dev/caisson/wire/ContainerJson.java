package dev.caisson.wire;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Release;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A container, and the request for one, as JSON. */
public final class ContainerJson {
  /** Enough for any use seen; a label is a tag, not a document. */
  static final int MAX_LABELS = 64;

  private static final int MAX_LABEL_CHARS = 1024;

  private ContainerJson() {}

  public static ObjectNode write(Container container) {
    ObjectNode json =
        Json.object()
            .put("id", container.id().value())
            .put("type", "container")
            .put("status", container.status().wireName())
            .put("image", container.image())
            .put("created_at", Timestamps.format(container.createdAt()))
            .put("expires_at", Timestamps.format(container.expiresAt()))
            .put("last_active_at", Timestamps.format(container.lastActiveAt()))
            .put("disk_bytes", container.diskBytes());
    ObjectNode labels = json.putObject("labels");
    container.labels().forEach(labels::put);
    container
        .released()
        .ifPresent(release ->
            json.putObject("released")
                .put("reason", release.reason())
                .put("at", Timestamps.format(release.at())));
    container
        .ended()
        .ifPresent(ending -> {
          ObjectNode ended =
              json.putObject("ended")
                  .put("reason", ending.reason())
                  .put("at", Timestamps.format(ending.at()));
          container.tombstone().ifPresent(tombstone -> TombstoneJson.write(ended, tombstone));
        });
    return json;
  }

  /** Reads what {@link #write} wrote, here or in another version: unknown fields are ignored. */
  public static Container read(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "container");
    return new Container(
        new ContainerId(fields.requiredString("id")),
        ContainerStatus.parse(fields.requiredString("status")),
        fields.requiredString("image"),
        Instant.parse(fields.requiredString("created_at")),
        Instant.parse(fields.requiredString("expires_at")),
        Instant.parse(fields.requiredString("last_active_at")),
        fields.requiredInteger("disk_bytes", 0, Long.MAX_VALUE),
        fields.stringMap("labels"),
        fields
            .object("released")
            .map(release ->
                new Release(
                    release.requiredString("reason"), Instant.parse(release.requiredString("at")))),
        fields
            .object("ended")
            .map(ended ->
                new Ending(
                    ended.requiredString("reason"), Instant.parse(ended.requiredString("at")))),
        fields.object("ended").flatMap(TombstoneJson::read));
  }

  public static ObjectNode writeSpec(ContainerSpec spec) {
    ObjectNode json = Json.object();
    spec.image().ifPresent(image -> json.put("image", image));
    if (!spec.files().isEmpty()) {
      var files = json.putArray("files");
      spec.files().forEach(file -> files.add(file.value()));
    }
    if (!spec.labels().isEmpty()) {
      ObjectNode labels = json.putObject("labels");
      spec.labels().forEach(labels::put);
    }
    return json;
  }

  /** Reads a request strictly; a file id of the wrong form is an unknown file. */
  public static ContainerSpec readSpec(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "");
    Optional<String> image = fields.string("image");
    List<FileId> files = fields.strings("files").stream().map(ContainerJson::fileId).toList();
    Map<String, String> labels = labels(fields);
    fields.rejectUnknown();
    return new ContainerSpec(image, files, labels);
  }

  static Map<String, String> labels(JsonFields fields) {
    Map<String, String> labels = fields.stringMap("labels");
    if (labels.size() > MAX_LABELS) {
      throw JsonFields.invalid("labels", "at most " + MAX_LABELS + " entries");
    }
    labels.forEach((name, value) -> {
      if (name.length() > MAX_LABEL_CHARS || value.length() > MAX_LABEL_CHARS) {
        throw JsonFields.invalid(
            "labels." + Clip.word(name), "at most " + MAX_LABEL_CHARS + " characters");
      }
    });
    return labels;
  }

  private static FileId fileId(String text) {
    try {
      return new FileId(text);
    } catch (IllegalArgumentException e) {
      throw CaissonException.NotFound.file(Clip.word(text));
    }
  }
}
