package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.Requester;
import dev.caisson.store.AuditLog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.InstantSource;

/**
 * One line for each deletion and each change of who may do what, in {@code audit.log} of the data
 * directory: ids and numbers, never the text of a key. Safe for use from many threads.
 */
public final class Audit {
  private static final Logger LOG = System.getLogger("dev.caisson.audit");

  private final AuditLog file;
  private final InstantSource clock;

  Audit(AuditLog file, InstantSource clock) {
    this.file = file;
    this.clock = clock;
  }

  /**
   * Somebody has deleted something.
   *
   * @param object such as {@code files/file_x}, or {@code containers/container_x/files/tmp/a}
   */
  public void deleted(Requester by, String object) {
    log(
        "deleted object="
            + quoted(object)
            + " organization="
            + by.organization()
            + " key="
            + by.key().map(KeyId::value).orElse("local")
            + " request="
            + by.requestId());
  }

  /**
   * What was done is not undone for a line that a full disk does not take: it is logged instead.
   */
  void log(String line) {
    try {
      file.append(Instant.ofEpochMilli(clock.millis()) + " " + line);
    } catch (Internal e) {
      LOG.log(Level.ERROR, e.getMessage() + "; the line: " + line);
    }
  }

  /** Code chooses the names of its files: what could end a line or hide in it is escaped. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints()
        .forEach(character -> {
          switch (Character.getType(character)) {
            case Character.CONTROL,
                Character.FORMAT,
                Character.LINE_SEPARATOR,
                Character.PARAGRAPH_SEPARATOR,
                Character.SURROGATE,
                Character.UNASSIGNED,
                Character.PRIVATE_USE ->
                quoted.append(String.format("\\u{%x}", character));
            default -> {
              if (character == '"' || character == '\\') {
                quoted.append('\\');
              }
              quoted.appendCodePoint(character);
            }
          }
        });
    return quoted.append('"').toString();
  }
}
