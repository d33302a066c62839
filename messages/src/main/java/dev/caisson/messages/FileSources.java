package dev.caisson.messages;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.StoredFile;
import dev.caisson.engine.Files;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Images and documents that a conversation names by the id of a stored file. An upstream does not
 * know our files, so it gets their content. For one request.
 */
final class FileSources {
  /** As base64 this just fits into the 32 MB that the Messages API takes in one request. */
  private static final ByteSize TOTAL_LIMIT = new ByteSize(24_000_000);

  private static final String PDF = "application/pdf";
  private static final String TEXT = "text/plain";
  private static final Set<String> IMAGES =
      Set.of("image/jpeg", "image/png", "image/gif", "image/webp");
  private static final JsonPointer SOURCE = JsonPointer.compile("/source");

  private final Files files;
  private final OrganizationId organization;
  private final List<JsonNode> messages;
  private final List<Reference> references = new ArrayList<>();

  /** A block of a message that names a file. */
  private record Reference(int message, JsonPointer source, String path, StoredFile file) {}

  private FileSources(Files files, OrganizationId organization, List<JsonNode> messages) {
    this.files = files;
    this.organization = organization;
    this.messages = messages;
  }

  /**
   * Finds the files of a conversation; throws NotFound for one that cannot be had, InvalidRequest
   * for one that its block cannot hold, TooLarge for more than an upstream would take.
   */
  static FileSources of(Files files, OrganizationId organization, List<JsonNode> messages) {
    FileSources sources = new FileSources(files, organization, messages);
    for (int i = 0; i < messages.size(); i++) {
      sources.find(
          i,
          messages.get(i).path("content"),
          JsonPointer.compile("/content"),
          "messages." + i + ".content");
    }
    sources.checkSizes();
    return sources;
  }

  private void find(int message, JsonNode content, JsonPointer pointer, String path) {
    for (int i = 0; content.isArray() && i < content.size(); i++) {
      JsonNode block = content.get(i);
      JsonPointer at = pointer.appendIndex(i);
      String type = ResultBlocks.type(block);
      if (type.equals("tool_result")) {
        find(
            message,
            block.path("content"),
            at.appendProperty("content"),
            path + "." + i + ".content");
      } else if (type.equals("image") || type.equals("document")) {
        String sourcePath = path + "." + i + ".source";
        if (ResultBlocks.type(block.path("source")).equals("file")) {
          StoredFile file = file(JsonFields.of(block.get("source"), sourcePath), type);
          references.add(new Reference(message, at.append(SOURCE), sourcePath + ".file_id", file));
        }
      }
    }
  }

  private StoredFile file(JsonFields source, String block) {
    String id = source.requiredString("file_id");
    source.any("type");
    source.rejectUnknown();
    String path = source.path("file_id");
    StoredFile file = stored(id, path);
    String type = mediaType(file);
    boolean fits =
        block.equals("image") ? IMAGES.contains(type) : type.equals(PDF) || type.equals(TEXT);
    if (!fits) {
      throw JsonFields.invalid(
          path,
          "File `"
              + file.id()
              + "` is of type "
              + Clip.word(type)
              + ", which "
              + (block.equals("image")
                  ? "no image block can hold: JPEG, PNG, GIF and WebP can be shown"
                  : "no document block can hold: PDF and plain text can be; mount others with"
                      + " container_upload"));
    }
    return file;
  }

  private StoredFile stored(String id, String path) {
    try {
      return files.require(organization, new FileId(id));
    } catch (IllegalArgumentException e) {
      throw CaissonException.NotFound.file(Clip.word(id)).at(path);
    } catch (CaissonException.NotFound e) {
      throw e.at(path);
    }
  }

  /** The type without its parameters. */
  private static String mediaType(StoredFile file) {
    return file.mimeType().split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  private void checkSizes() {
    long total = 0;
    for (Reference reference : references) {
      total += reference.file().sizeBytes();
      if (total > TOTAL_LIMIT.bytes()) {
        throw new CaissonException.TooLarge(
            reference.path()
                + ": the images and documents of this request come to over "
                + TOTAL_LIMIT.bytes()
                + " bytes, which is the limit; mount large files with container_upload");
      }
    }
  }

  /** The conversation with the content of the files in their places. */
  List<JsonNode> inline() {
    List<JsonNode> inlined = new ArrayList<>(messages);
    Set<Integer> copied = new HashSet<>();
    for (Reference reference : references) {
      int index = reference.message();
      if (copied.add(index)) {
        inlined.set(index, messages.get(index).deepCopy());
      }
      JsonNode message = inlined.get(index);
      ObjectNode block = (ObjectNode) message.at(reference.source().head());
      block.set("source", content(reference));
    }
    return inlined;
  }

  private ObjectNode content(Reference reference) {
    byte[] bytes = read(reference.file());
    String type = mediaType(reference.file());
    ObjectNode source = Json.object();
    if (!type.equals(TEXT)) {
      return source
          .put("type", "base64")
          .put("media_type", type)
          .put("data", Base64.getEncoder().encodeToString(bytes));
    }
    try {
      return source
          .put("type", "text")
          .put("media_type", TEXT)
          .put(
              "data",
              StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw JsonFields.invalid(
          reference.path(), "File `" + reference.file().id() + "` is not UTF-8 text");
    }
  }

  private byte[] read(StoredFile file) {
    try (FileContent content = files.content(organization, file.id())) {
      return content.stream().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
