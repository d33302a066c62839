package dev.caisson.messages;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The text editor: view, create, str_replace. */
final class EditorSubTool implements SubTool {
  /** In base64 this is the 5 MiB that the Messages API takes of an image. */
  private static final ByteSize IMAGE_LIMIT = new ByteSize(3840L << 10);

  @Override
  public String name() {
    return EDITOR;
  }

  @Override
  public ObjectNode inputSchema() {
    ObjectNode schema = Json.object().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    properties
        .putObject("command")
        .put("type", "string")
        .putArray("enum")
        .add("view")
        .add("create")
        .add("str_replace");
    properties.putObject("path").put("type", "string");
    text(properties, "file_text", "create: the whole content of the file");
    text(properties, "old_str", "str_replace: text that stands in the file exactly once");
    text(properties, "new_str", "str_replace: what takes its place");
    ObjectNode range = properties.putObject("view_range");
    range.put("type", "array").putObject("items").put("type", "integer");
    range.put("description", "view: first and last line, from 1; -1 for the end");
    schema.putArray("required").add("command").add("path");
    return schema.put("additionalProperties", false);
  }

  @Override
  public ObjectNode run(JsonNode input, Workbench workbench) {
    String path = "";
    try {
      JsonFields fields = JsonFields.of(input, "input");
      String command = fields.requiredString("command");
      String written = fields.requiredString("path");
      EditedFiles files = workbench.files();
      path = files.resolve(written);
      return switch (command) {
        case "view" -> view(fields, files, path);
        case "create" -> create(fields, files, path);
        case "str_replace" -> replace(fields, files, path);
        default ->
            error(
                "invalid_tool_input",
                "input.command: '" + Clip.word(command) + "' is not view, create or str_replace");
      };
    } catch (CaissonException.NotFound e) {
      return error("file_not_found", "no such file: " + Clip.word(path));
    } catch (CaissonException.InvalidRequest e) {
      return error("invalid_tool_input", e.getMessage());
    }
  }

  private static ObjectNode view(JsonFields fields, EditedFiles files, String path) {
    if (files.isDirectory(path)) {
      return lines(fields, FileLines.of(listing(files.list(path))));
    }
    byte[] bytes = files.bytes(path);
    Optional<FileFormat> format = FileFormat.of(bytes);
    if (format.isEmpty()) {
      return lines(fields, FileLines.of(EditedFiles.text(path, bytes)));
    }
    if (!fields.array("view_range").isEmpty()) {
      throw JsonFields.invalid(
          "input.view_range", Clip.word(path) + " has no lines: " + format.get().mediaType());
    }
    if (format.get() != FileFormat.PDF && bytes.length > IMAGE_LIMIT.bytes()) {
      throw new CaissonException.InvalidRequest(
          path + ": " + bytes.length + " bytes, over the limit of " + IMAGE_LIMIT + " for images");
    }
    return Json.object()
        .put("type", EDITOR + "_view_result")
        .put("file_type", format.get().fileType())
        .put("content", Base64.getEncoder().encodeToString(bytes))
        .putNull("num_lines")
        .putNull("start_line")
        .putNull("total_lines");
  }

  private static ObjectNode lines(JsonFields fields, FileLines lines) {
    int first = 1;
    int last = lines.count();
    List<JsonNode> range = fields.array("view_range");
    if (!range.isEmpty()) {
      first = bound(range, 0);
      last = bound(range, 1) == -1 ? lines.count() : Math.min(bound(range, 1), lines.count());
      if (range.size() != 2
          || first < 1
          || first > Math.max(1, lines.count())
          || last < first - 1) {
        throw JsonFields.invalid("input.view_range", "not a range of lines 1 to " + lines.count());
      }
    }
    return Json.object()
        .put("type", EDITOR + "_view_result")
        .put("file_type", "text")
        .put("content", lines.between(first, last))
        .put("num_lines", Math.max(0, last - first + 1))
        .put("start_line", first)
        .put("total_lines", lines.count());
  }

  private static ObjectNode create(JsonFields fields, EditedFiles files, String path) {
    boolean existed = files.write(path, fields.string("file_text").orElse(""));
    return Json.object().put("type", EDITOR + "_create_result").put("is_file_update", existed);
  }

  private static ObjectNode replace(JsonFields fields, EditedFiles files, String path) {
    String before = files.read(path);
    String old = fields.requiredString("old_str");
    String fresh = fields.string("new_str").orElse("");
    int at = old.isEmpty() ? -1 : before.indexOf(old);
    if (at < 0) {
      throw JsonFields.invalid("input.old_str", "does not stand in " + Clip.word(path));
    }
    if (before.indexOf(old, at + 1) >= 0) {
      throw JsonFields.invalid("input.old_str", "stands in " + Clip.word(path) + " more than once");
    }
    String after = before.substring(0, at) + fresh + before.substring(at + old.length());
    files.write(path, after);
    return hunk(FileLines.of(before), FileLines.of(after));
  }

  /** The lines that differ, without context; starts count from 1. */
  private static ObjectNode hunk(FileLines before, FileLines after) {
    int shorter = Math.min(before.count(), after.count());
    int same = 0;
    while (same < shorter && before.line(same).equals(after.line(same))) {
      same++;
    }
    int sameAtEnd = 0;
    while (sameAtEnd < shorter - same
        && before
            .line(before.count() - 1 - sameAtEnd)
            .equals(after.line(after.count() - 1 - sameAtEnd))) {
      sameAtEnd++;
    }
    ObjectNode content =
        Json.object()
            .put("type", EDITOR + "_str_replace_result")
            .put("old_start", same + 1)
            .put("old_lines", before.count() - same - sameAtEnd)
            .put("new_start", same + 1)
            .put("new_lines", after.count() - same - sameAtEnd);
    ArrayNode lines = content.putArray("lines");
    for (int i = same; i < before.count() - sameAtEnd; i++) {
      lines.add("-" + before.line(i));
    }
    for (int i = same; i < after.count() - sameAtEnd; i++) {
      lines.add("+" + after.line(i));
    }
    return content;
  }

  private static String listing(List<WorkspaceEntry> entries) {
    return entries.stream()
        .map(entry ->
            entry.kind() == WorkspaceEntry.Kind.DIRECTORY ? entry.path() + "/" : entry.path())
        .collect(Collectors.joining("\n"));
  }

  private static int bound(List<JsonNode> range, int index) {
    @Nullable JsonNode value = index < range.size() ? range.get(index) : null;
    if (value == null || !value.isInt()) {
      throw JsonFields.invalid("input.view_range", "Input should be two integers");
    }
    return value.intValue();
  }

  private static void text(ObjectNode properties, String name, String description) {
    properties.putObject(name).put("type", "string").put("description", description);
  }
}
