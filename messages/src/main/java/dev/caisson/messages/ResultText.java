package dev.caisson.messages;

import dev.caisson.wire.Json;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a model reads of a result: all of it but the ids of files, which mean nothing to it. */
final class ResultText {
  private ResultText() {}

  /**
   * The {@code tool_result} of an upstream.
   *
   * @param content of one of our result blocks, from us or from a client's history
   */
  static ObjectNode toolResult(String toolUseId, JsonNode content) {
    ObjectNode result = Json.object().put("type", "tool_result").put("tool_use_id", toolUseId);
    if (content.has("error_code")) {
      return result.put("content", errorText(content)).put("is_error", true);
    }
    Optional<FileFormat> format = format(content);
    if (format.isPresent()) {
      result.putArray("content").add(shown(format.get(), content.path("content").stringValue()));
      return result;
    }
    return result.put("content", text(content));
  }

  /** The format of an image or a PDF that was viewed; empty for all other results. */
  private static Optional<FileFormat> format(JsonNode content) {
    String fileType = content.path("file_type").asStringOpt().orElse("");
    return fileType.equals("image") || fileType.equals("pdf")
        ? content.path("content").asStringOpt().flatMap(FileFormat::ofBase64)
        : Optional.empty();
  }

  /** A block that lets the model see the file itself. */
  private static ObjectNode shown(FileFormat format, String base64) {
    ObjectNode block = Json.object().put("type", format == FileFormat.PDF ? "document" : "image");
    block
        .putObject("source")
        .put("type", "base64")
        .put("media_type", format.mediaType())
        .put("data", base64);
    return block;
  }

  static ObjectNode notRun(String toolUseId) {
    return Json.object()
        .put("type", "tool_result")
        .put("tool_use_id", toolUseId)
        .put("content", "not run: the reply was cut short")
        .put("is_error", true);
  }

  private static String text(JsonNode content) {
    if (content.path("type").asStringOpt().orElse("").endsWith("_view_result")) {
      return content.path("content").asStringOpt().orElse("");
    }
    if (!(content instanceof ObjectNode result)) {
      return "";
    }
    ObjectNode shown = result.deepCopy();
    shown.remove(List.of("type", "content", "abort_reason"));
    return Json.write(shown);
  }

  private static String errorText(JsonNode content) {
    String code = content.path("error_code").asStringOpt().orElse("unavailable");
    return content
        .path("error_message")
        .asStringOpt()
        .filter(message -> !message.isEmpty())
        .map(message -> code + ": " + message)
        .orElse(code);
  }
}
