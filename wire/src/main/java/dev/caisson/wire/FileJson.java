package dev.caisson.wire;

import dev.caisson.domain.FileId;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.WorkspaceEntry;
import java.time.Instant;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Stored files, and files of a workspace, as JSON. */
public final class FileJson {
  private FileJson() {}

  /** The metadata of the Files API, with our own {@code sha256} beside the contract's fields. */
  public static ObjectNode write(StoredFile file) {
    ObjectNode json = metadata(file).put("sha256", file.sha256());
    file.expiresAt()
        .ifPresentOrElse(
            at -> json.put("expires_at", Timestamps.format(at)), () -> json.putNull("expires_at"));
    return json;
  }

  /** The same as the API's beta had it: no expiry, and a scope, which no file of ours has. */
  public static ObjectNode writeBeta(StoredFile file) {
    return metadata(file).putNull("scope");
  }

  private static ObjectNode metadata(StoredFile file) {
    return Json.object()
        .put("id", file.id().value())
        .put("type", "file")
        .put("filename", file.filename())
        .put("mime_type", file.mimeType())
        .put("size_bytes", file.sizeBytes())
        .put("created_at", Timestamps.format(file.createdAt()))
        .put("downloadable", file.downloadable());
  }

  /** Reads what {@link #write(StoredFile)} wrote; unknown fields are ignored. */
  public static StoredFile read(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "file");
    return new StoredFile(
        new FileId(fields.requiredString("id")),
        fields.requiredString("filename"),
        fields.requiredString("mime_type"),
        fields.requiredInteger("size_bytes", 0, Long.MAX_VALUE),
        fields.requiredString("sha256"),
        Instant.parse(fields.requiredString("created_at")),
        fields.requiredAny("downloadable").asBoolean(),
        fields.string("expires_at").map(Instant::parse));
  }

  public static ObjectNode writeDeleted(FileId id) {
    return Json.object().put("id", id.value()).put("type", "file_deleted");
  }

  public static ObjectNode write(WorkspaceEntry entry) {
    return Json.object()
        .put("path", entry.path())
        .put("kind", entry.kind().name().toLowerCase(Locale.ROOT))
        .put("size_bytes", entry.sizeBytes())
        .put("modified_at", Timestamps.format(entry.modifiedAt()));
  }

  public static WorkspaceEntry readEntry(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "entry");
    return new WorkspaceEntry(
        fields.requiredString("path"),
        WorkspaceEntry.Kind.valueOf(fields.requiredString("kind").toUpperCase(Locale.ROOT)),
        fields.requiredInteger("size_bytes", 0, Long.MAX_VALUE),
        Instant.parse(fields.requiredString("modified_at")));
  }

  public static ObjectNode write(FileReceipt receipt) {
    return Json.object()
        .put("path", receipt.path())
        .put("size_bytes", receipt.sizeBytes())
        .put("sha256", receipt.sha256());
  }

  public static FileReceipt readReceipt(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "receipt");
    return new FileReceipt(
        fields.requiredString("path"),
        fields.requiredInteger("size_bytes", 0, Long.MAX_VALUE),
        fields.requiredString("sha256"));
  }
}
