package dev.caisson.wire;

import dev.caisson.domain.Batch;
import dev.caisson.domain.BatchCounts;
import dev.caisson.domain.BatchId;
import dev.caisson.domain.BatchResult;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Message batches and their results as JSON. */
public final class BatchJson {
  private BatchJson() {}

  /**
   * Writes a batch.
   *
   * @param resultsUrl where its results can be had, once it has ended
   */
  public static ObjectNode write(Batch batch, String resultsUrl) {
    ObjectNode json =
        Json.object()
            .put("id", batch.id().value())
            .put("type", "message_batch")
            .put("processing_status", status(batch));
    BatchCounts counts = batch.counts();
    json.putObject("request_counts")
        .put("processing", counts.processing())
        .put("succeeded", counts.succeeded())
        .put("errored", counts.errored())
        .put("canceled", counts.canceled())
        .put("expired", counts.expired());
    boolean hasResults = batch.endedAt().isPresent() && batch.archivedAt().isEmpty();
    return json.put("created_at", Timestamps.format(batch.createdAt()))
        .put("expires_at", Timestamps.format(batch.expiresAt()))
        .put("ended_at", time(batch.endedAt()))
        .put("cancel_initiated_at", time(batch.cancelInitiatedAt()))
        .put("archived_at", time(batch.archivedAt()))
        .put("results_url", hasResults ? resultsUrl : null);
  }

  private static String status(Batch batch) {
    if (batch.endedAt().isPresent()) {
      return "ended";
    }
    return batch.cancelInitiatedAt().isPresent() ? "canceling" : "in_progress";
  }

  private static @Nullable String time(Optional<Instant> time) {
    return time.map(Timestamps::format).orElse(null);
  }

  public static ObjectNode writeDeleted(BatchId id) {
    return Json.object().put("id", id.value()).put("type", "message_batch_deleted");
  }

  /** One line of the results. */
  public static ObjectNode write(BatchResult result) {
    ObjectNode json = Json.object().put("custom_id", result.customId());
    ObjectNode outcome = json.putObject("result").put("type", result.outcome().wireName());
    switch (result.outcome()) {
      case SUCCEEDED -> outcome.set("message", Json.parse(result.text(), "message"));
      case ERRORED -> outcome.set("error", error(result.text()));
      case CANCELED, EXPIRED -> {}
    }
    return json;
  }

  private static JsonNode error(String text) {
    if (text.startsWith("{")) {
      return Json.parse(text, "error");
    }
    ObjectNode json = Json.object().put("type", "error");
    json.putObject("error")
        .put("type", ErrorJson.of(500).type())
        .put(
            "message",
            text + ": the server ended while it worked on this request; it was not run again");
    return json.putNull("request_id");
  }
}
