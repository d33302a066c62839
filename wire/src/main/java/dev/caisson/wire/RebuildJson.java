package dev.caisson.wire;

import dev.caisson.domain.CellId;
import dev.caisson.domain.ChangedFile;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.Rebuild.Match;
import dev.caisson.domain.Rebuild.RebuiltFile;
import dev.caisson.domain.Rebuild.Step;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A rebuild, its steps and the request for one, as JSON: the new container, with the report. */
public final class RebuildJson {
  /** The event of a step that was taken: {@code {step, done, all}}. */
  public static final String STEP = "step";

  /** The last event: {@code {container}}. */
  public static final String RESULT = "result";

  private RebuildJson() {}

  public static ObjectNode write(Rebuild rebuild) {
    ObjectNode json = ContainerJson.write(rebuild.container());
    ObjectNode rebuilt = json.putObject("rebuilt").put("from", rebuild.from().value());
    rebuilt.put("same", rebuild.same());
    ArrayNode steps = rebuilt.putArray("steps");
    rebuild.steps().forEach(step -> steps.add(writeStep(step)));
    ObjectNode counts = rebuilt.putObject("counts");
    for (Match match : Match.values()) {
      counts.put(match.wireName(), rebuild.count(match));
    }
    ArrayNode files = rebuilt.putArray("files");
    rebuild.files().forEach(file -> files.add(writeFile(file)));
    if (rebuild.filesOmitted() > 0) {
      rebuilt.put("files_omitted", rebuild.filesOmitted());
    }
    if (rebuild.incomplete()) {
      rebuilt.put("files_incomplete", true);
    }
    return json;
  }

  public static ObjectNode writeStep(Step step) {
    ObjectNode json =
        Json.object()
            .put("kind", step.kind().wireName())
            .put("subject", step.subject())
            .put("result", step.result().wireName());
    step.cell().ifPresent(cell -> json.put("cell_id", cell.value()));
    step.note().ifPresent(note -> json.put("note", note));
    return json;
  }

  private static ObjectNode writeFile(RebuiltFile file) {
    ObjectNode json = Json.object().put("path", file.path()).put("match", file.match().wireName());
    file.before().ifPresent(before -> json.set("before", CellChangesJson.file(before)));
    file.now().ifPresent(now -> json.set("now", CellChangesJson.file(now)));
    file.reason().ifPresent(reason -> json.put("reason", reason));
    return json;
  }

  public static ObjectNode writeEvent(Step step, int done, int all) {
    ObjectNode json = Json.object();
    json.set("step", writeStep(step));
    return json.put("done", done).put("all", all);
  }

  public static ObjectNode writeResult(Rebuild rebuild) {
    ObjectNode json = Json.object();
    json.set("container", write(rebuild));
    return json;
  }

  /** Reads what {@link #write} wrote, here or in another version: unknown fields are ignored. */
  public static Rebuild read(JsonNode json) {
    JsonFields rebuilt =
        JsonFields.of(json, "rebuild")
            .object("rebuilt")
            .orElseThrow(() -> JsonFields.invalid("rebuild.rebuilt", "Field required"));
    Map<Match, Long> counts = new EnumMap<>(Match.class);
    rebuilt
        .object("counts")
        .ifPresent(given -> {
          for (Match match : Match.values()) {
            long count = given.integer(match.wireName(), 0, Long.MAX_VALUE).orElse(0);
            if (count > 0) {
              counts.put(match, count);
            }
          }
        });
    return new Rebuild(
        ContainerJson.read(json),
        new ContainerId(rebuilt.requiredString("from")),
        rebuilt.array("steps").stream().map(RebuildJson::readStep).toList(),
        counts,
        rebuilt.array("files").stream().map(RebuildJson::readFile).toList(),
        rebuilt.integer("files_omitted", 0, Long.MAX_VALUE).orElse(0),
        rebuilt.bool("files_incomplete").orElse(false));
  }

  public static Step readStep(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "step");
    return new Step(
        named(Rebuild.Kind.values(), Rebuild.Kind::wireName, fields, "kind"),
        fields.requiredString("subject"),
        named(Rebuild.StepResult.values(), Rebuild.StepResult::wireName, fields, "result"),
        fields.string("cell_id").map(CellId::new),
        fields.string("note"));
  }

  private static RebuiltFile readFile(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "file");
    return new RebuiltFile(
        fields.requiredString("path"),
        named(Match.values(), Match::wireName, fields, "match"),
        changed(fields, "before"),
        changed(fields, "now"),
        fields.string("reason"));
  }

  private static Optional<ChangedFile> changed(JsonFields file, String name) {
    return file.object(name)
        .map(fields ->
            new ChangedFile(
                fields.requiredString("path"),
                fields.requiredInteger("size_bytes", 0, Long.MAX_VALUE),
                fields.string("sha256")));
  }

  private static <T> T named(
      T[] values, Function<T, String> wireName, JsonFields fields, String name) {
    String text = fields.requiredString(name);
    return Arrays.stream(values)
        .filter(value -> wireName.apply(value).equals(text))
        .findFirst()
        .orElseThrow(() -> JsonFields.invalid(fields.path(name), "'" + Clip.word(text) + "'"));
  }

  /**
   * What is asked of a rebuild.
   *
   * @param labels of the new container, empty for the original's
   * @param stream whether the steps are told while they are taken
   */
  public record Request(Optional<Map<String, String>> labels, boolean stream) {
    public ObjectNode write() {
      ObjectNode json = Json.object();
      labels.ifPresent(all -> all.forEach(json.putObject("labels")::put));
      return stream ? json.put("stream", true) : json;
    }

    /** Reads a request strictly. */
    public static Request read(JsonNode json) {
      JsonFields fields = JsonFields.of(json, "");
      boolean given = json.has("labels");
      Map<String, String> labels = ContainerJson.labels(fields);
      boolean stream = fields.bool("stream").orElse(false);
      fields.rejectUnknown();
      return new Request(given ? Optional.of(labels) : Optional.empty(), stream);
    }
  }
}
