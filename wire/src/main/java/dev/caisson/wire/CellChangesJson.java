package dev.caisson.wire;

import dev.caisson.domain.CellChanges;
import dev.caisson.domain.ChangedFile;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a cell changed, as JSON: {@code changed} of a cell. */
final class CellChangesJson {
  private static final String NAME = "changed";

  private CellChangesJson() {}

  static void write(ObjectNode cell, CellChanges changes) {
    switch (changes) {
      case CellChanges.Known known -> write(cell.putObject(NAME), known);
      case CellChanges.Pending pending -> cell.putNull(NAME);
      case CellChanges.Unknown unknown -> {}
    }
  }

  private static void write(ObjectNode json, CellChanges.Known known) {
    files(json, "created", known.created());
    files(json, "modified", known.modified());
    files(json, "deleted", known.deleted());
    if (!known.unattributed().isEmpty()) {
      files(json, "unattributed", known.unattributed());
    }
    if (known.omitted() > 0) {
      json.put("omitted", known.omitted());
    }
    known.incomplete().ifPresent(reason -> json.put("incomplete", reason));
  }

  private static void files(ObjectNode json, String name, List<ChangedFile> files) {
    ArrayNode array = json.putArray(name);
    files.forEach(file -> array.add(file(file)));
  }

  /** One file, with a null hash where there is none. */
  static ObjectNode file(ChangedFile file) {
    ObjectNode json = Json.object().put("path", file.path()).put("size_bytes", file.sizeBytes());
    file.sha256().ifPresentOrElse(hash -> json.put("sha256", hash), () -> json.putNull("sha256"));
    return json;
  }

  static CellChanges read(JsonNode cell) {
    JsonNode changed = cell.path(NAME);
    if (changed.isMissingNode()) {
      return CellChanges.UNKNOWN;
    }
    if (changed.isNull()) {
      return CellChanges.PENDING;
    }
    JsonFields fields = JsonFields.of(changed, "cell.changed");
    return new CellChanges.Known(
        files(fields, "created"),
        files(fields, "modified"),
        files(fields, "deleted"),
        files(fields, "unattributed"),
        fields.integer("omitted", 0, Long.MAX_VALUE).orElse(0L),
        fields.string("incomplete"));
  }

  private static List<ChangedFile> files(JsonFields fields, String name) {
    return fields.array(name).stream().map(CellChangesJson::file).toList();
  }

  static ChangedFile file(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "file");
    return new ChangedFile(
        fields.requiredString("path"),
        fields.requiredInteger("size_bytes", 0, Long.MAX_VALUE),
        fields.string("sha256"));
  }
}
