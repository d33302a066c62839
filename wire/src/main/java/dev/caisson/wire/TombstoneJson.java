package dev.caisson.wire;

import dev.caisson.domain.CellId;
import dev.caisson.domain.ContainerCost;
import dev.caisson.domain.Tombstone;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What remains of a container, inside its {@code ended}. */
final class TombstoneJson {
  private TombstoneJson() {}

  static void write(ObjectNode ended, Tombstone tombstone) {
    ended
        .put("peak_memory_bytes", tombstone.peakMemoryBytes())
        .put("peak_disk_bytes", tombstone.peakDiskBytes());
    ended
        .putObject("cost")
        .put("billed_ms", tombstone.cost().billedMillis())
        .put("amount", tombstone.cost().cents().toPlainString())
        .put("currency", "USD");
    tombstone
        .lastCell()
        .ifPresent(cell -> {
          ObjectNode last = ended.putObject("last_cell").put("id", cell.id().value());
          OutcomeJson.put(last, cell.outcome());
          last.put("return_code", cell.outcome().returnCode())
              .put("started_at", Timestamps.format(cell.startedAt()));
        });
    write(ended, tombstone.files());
  }

  private static void write(ObjectNode ended, Tombstone.Held held) {
    ArrayNode files = ended.putArray("files");
    held.listed().forEach(file -> files.add(CellChangesJson.file(file)));
    if (held.omitted() > 0) {
      ended.put("files_omitted", held.omitted());
    }
    if (held.incomplete()) {
      ended.put("files_incomplete", true);
    }
  }

  /** Empty for an ending without one, as lists show it. */
  static Optional<Tombstone> read(JsonFields ended) {
    OptionalLong memory = ended.integer("peak_memory_bytes", 0, Long.MAX_VALUE);
    if (memory.isEmpty()) {
      return Optional.empty();
    }
    Optional<Tombstone.LastCell> lastCell =
        ended
            .object("last_cell")
            .map(last ->
                new Tombstone.LastCell(
                    new CellId(last.requiredString("id")),
                    OutcomeJson.read(last),
                    Instant.parse(last.requiredString("started_at"))));
    return Optional.of(
        new Tombstone(
            lastCell,
            memory.getAsLong(),
            ended.requiredInteger("peak_disk_bytes", 0, Long.MAX_VALUE),
            ended.object("cost").map(TombstoneJson::cost).orElse(ContainerCost.NONE),
            new Tombstone.Held(
                ended.array("files").stream().map(CellChangesJson::file).toList(),
                ended.integer("files_omitted", 0, Long.MAX_VALUE).orElse(0L),
                ended.bool("files_incomplete").orElse(false))));
  }

  private static ContainerCost cost(JsonFields cost) {
    return new ContainerCost(
        cost.requiredInteger("billed_ms", 0, Long.MAX_VALUE),
        new BigDecimal(cost.requiredString("amount")));
  }
}
