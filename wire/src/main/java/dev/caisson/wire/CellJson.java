package dev.caisson.wire;

import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputFile;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A cell that has run, as JSON. Beside the fields of every cell, one that did not complete has
 * {@code reason}, and {@code limit_ms} and {@code interpreter_lost} where they mean something.
 * {@code changed} is null while a scan goes on, and not there when nothing will be known.
 */
public final class CellJson {
  private CellJson() {}

  public static ObjectNode write(Cell cell) {
    ObjectNode json =
        Json.object()
            .put("id", cell.id().value())
            .put("type", "cell")
            .put("container_id", cell.containerId().value())
            .put("language", cell.language().wireName());
    OutcomeJson.put(json, cell.outcome());
    json.put("stdout", cell.stdout().text())
        .put("stderr", cell.stderr().text())
        .put("return_code", cell.outcome().returnCode());
    json.putObject("truncated")
        .put("stdout", cell.stdout().droppedBytes())
        .put("stderr", cell.stderr().droppedBytes());
    json.put("started_at", Timestamps.format(cell.startedAt()))
        .put("wall_ms", cell.wall().toMillis())
        .put("cpu_ms", cell.cpu().toMillis());
    ArrayNode outputs = json.putArray("outputs");
    for (OutputFile output : cell.outputs()) {
      outputs
          .addObject()
          .put("file_id", output.fileId().value())
          .put("filename", output.filename())
          .put("size_bytes", output.sizeBytes())
          .put("sha256", output.sha256());
    }
    CellChangesJson.write(json, cell.changes());
    return json;
  }

  /** Reads what {@link #write} wrote, here or in another version: unknown fields are ignored. */
  public static Cell read(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "cell");
    JsonFields truncated = JsonFields.of(fields.requiredAny("truncated"), "cell.truncated");
    return new Cell(
        new CellId(fields.requiredString("id")),
        new ContainerId(fields.requiredString("container_id")),
        Language.parse(fields.requiredString("language")),
        OutcomeJson.read(fields),
        new CapturedOutput(
            fields.requiredString("stdout"),
            truncated.requiredInteger("stdout", 0, Long.MAX_VALUE)),
        new CapturedOutput(
            fields.requiredString("stderr"),
            truncated.requiredInteger("stderr", 0, Long.MAX_VALUE)),
        Instant.parse(fields.requiredString("started_at")),
        Duration.ofMillis(fields.requiredInteger("wall_ms", 0, Long.MAX_VALUE)),
        Duration.ofMillis(fields.requiredInteger("cpu_ms", 0, Long.MAX_VALUE)),
        outputs(fields),
        CellChangesJson.read(json));
  }

  private static List<OutputFile> outputs(JsonFields fields) {
    return fields.array("outputs").stream()
        .map(node -> JsonFields.of(node, "cell.outputs"))
        .map(output ->
            new OutputFile(
                new FileId(output.requiredString("file_id")),
                output.requiredString("filename"),
                output.requiredInteger("size_bytes", 0, Long.MAX_VALUE),
                output.requiredString("sha256")))
        .toList();
  }
}
