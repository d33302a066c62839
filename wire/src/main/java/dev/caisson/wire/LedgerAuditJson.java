package dev.caisson.wire;

import dev.caisson.domain.LedgerAudit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What the look through a ledger has found, as JSON. */
public final class LedgerAuditJson {
  private LedgerAuditJson() {}

  public static ObjectNode write(LedgerAudit audit) {
    return Json.object()
        .put("type", "usage_verification")
        .put("intact", audit.problem().isEmpty())
        .put("rows", audit.rows())
        .put("hash", audit.hash())
        .put("problem", audit.problem().orElse(null));
  }

  /** Reads what {@link #write} wrote, here or in another version: unknown fields are ignored. */
  public static LedgerAudit read(JsonNode json) {
    JsonFields fields = JsonFields.of(json, "verification");
    return new LedgerAudit(
        fields.requiredInteger("rows", 0, Long.MAX_VALUE),
        fields.requiredString("hash"),
        fields.string("problem"));
  }
}
