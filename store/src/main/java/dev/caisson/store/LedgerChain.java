package dev.caisson.store;

import dev.caisson.domain.LedgerRow;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hashes that tie the rows of a ledger together. */
final class LedgerChain {
  /** The hash before the first row. */
  static final String START = "0".repeat(64);

  private LedgerChain() {}

  /** The hash of a row, whatever hash it bears. */
  static String hash(String previous, LedgerRow row) {
    StringBuilder text = new StringBuilder(1024);
    line(text, "previous", previous);
    line(text, "position", row.position());
    line(text, "recorded_at", row.recordedAt().toEpochMilli());
    ChargeText.fields(row.charge()).forEach((name, value) -> line(text, name, value));
    line(text, "minimum_ms", row.tariff().minimum().toMillis());
    line(text, "minimum_scope", row.tariff().scope().wireName());
    line(text, "free_limit_ms", row.tariff().freePerMonth().toMillis());
    line(text, "hour_price", row.tariff().hourPrice());
    line(text, "rule", row.price().rule().wireName());
    line(text, "counted_ms", row.price().countedMillis());
    line(text, "billed_ms", row.price().billedMillis());
    line(text, "free_ms", row.price().freeMillis());
    line(text, "month_ms", row.monthMillis());
    line(text, "month_cost", row.monthCost());
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of()
          .formatHex(digest.digest(text.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static void line(StringBuilder text, String name, Object value) {
    text.append(name).append('=').append(value).append('\n');
  }
}
