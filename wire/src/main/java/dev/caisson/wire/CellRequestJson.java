package dev.caisson.wire;

import dev.caisson.domain.CellSpec;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.RunId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The request for a cell as JSON: {@code {language, code, timeout_seconds?, env?, fresh?, run_id?,
 * stream?}}.
 *
 * @param stream whether the reply is a stream of server-sent events
 */
public record CellRequestJson(CellSpec spec, boolean stream) {
  /** A day; the engine refuses what is over the cell limit, this only keeps numbers sane. */
  private static final double MAX_TIMEOUT_SECONDS = 86_400;

  /** Reads a request strictly. */
  public static CellRequestJson read(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "");
    Language language = language(fields.requiredString("language"));
    String code = fields.requiredString("code");
    Optional<Duration> timeout =
        fields
            .positiveNumber("timeout_seconds", MAX_TIMEOUT_SECONDS)
            .map(seconds -> Duration.ofMillis(Math.max(1, Math.round(seconds * 1000))));
    Map<String, String> environment = fields.stringMap("env");
    boolean fresh = fields.bool("fresh").orElse(false);
    Optional<RunId> run = fields.string("run_id").map(CellRequestJson::run);
    boolean stream = fields.bool("stream").orElse(false);
    fields.rejectUnknown();
    InterpreterMode mode =
        language == Language.PYTHON && !fresh ? InterpreterMode.PERSISTENT : InterpreterMode.FRESH;
    CellSpec spec = new CellSpec(language, code, mode, timeout, environment, List.of(), run);
    return new CellRequestJson(spec, stream);
  }

  public ObjectNode write() {
    ObjectNode json =
        Json.object().put("language", spec.language().wireName()).put("code", spec.code());
    spec.timeout().ifPresent(timeout -> json.put("timeout_seconds", timeout.toMillis() / 1000.0));
    if (!spec.environment().isEmpty()) {
      ObjectNode env = json.putObject("env");
      spec.environment().forEach(env::put);
    }
    if (spec.language() == Language.PYTHON && spec.mode() == InterpreterMode.FRESH) {
      json.put("fresh", true);
    }
    spec.run().ifPresent(run -> json.put("run_id", run.value()));
    if (stream) {
      json.put("stream", true);
    }
    return json;
  }

  private static RunId run(String text) {
    try {
      return new RunId(text);
    } catch (IllegalArgumentException e) {
      throw JsonFields.invalid("run_id", "Input should be an id such as run_5fK...");
    }
  }

  private static Language language(String text) {
    try {
      return Language.parse(text);
    } catch (IllegalArgumentException e) {
      throw JsonFields.invalid("language", "Input should be 'python' or 'bash'");
    }
  }
}
