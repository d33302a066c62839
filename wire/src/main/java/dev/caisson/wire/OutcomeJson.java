package dev.caisson.wire;

import dev.caisson.domain.CellOutcome;
import java.time.Duration;
import tools.jackson.databind.node.ObjectNode;

/** How a cell ended, as fields of the object that tells of the cell. */
final class OutcomeJson {
  private OutcomeJson() {}

  static void put(ObjectNode json, CellOutcome outcome) {
    json.put("status", outcome.status());
    switch (outcome) {
      case CellOutcome.Completed completed -> {}
      case CellOutcome.TimedOut timedOut ->
          json.put("reason", "detection_timeout")
              .put("limit_ms", timedOut.limit().toMillis())
              .put("interpreter_lost", timedOut.interpreterLost());
      case CellOutcome.Killed killed ->
          json.put("reason", killed.reason()).put("interpreter_lost", killed.interpreterLost());
      case CellOutcome.Lost lost -> json.put("reason", lost.reason());
    }
  }

  /** Reads what {@link #put} put, beside a {@code return_code}. */
  static CellOutcome read(JsonFields fields) {
    String status = fields.requiredString("status");
    boolean interpreterLost = fields.bool("interpreter_lost").orElse(false);
    String reason = fields.string("reason").orElse("unknown");
    return switch (status) {
      case "completed" ->
          new CellOutcome.Completed(
              (int) fields.requiredInteger("return_code", Integer.MIN_VALUE, Integer.MAX_VALUE));
      case "timed_out" ->
          new CellOutcome.TimedOut(
              Duration.ofMillis(fields.integer("limit_ms", 0, Long.MAX_VALUE).orElse(0)),
              interpreterLost);
      case "killed" -> new CellOutcome.Killed(reason, interpreterLost);
      case "lost" -> new CellOutcome.Lost(reason);
      default ->
          throw JsonFields.invalid("cell.status", "unknown status '" + Clip.word(status) + "'");
    };
  }
}
