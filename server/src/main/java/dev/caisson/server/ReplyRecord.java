package dev.caisson.server;

import dev.caisson.domain.KeptReply;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a request is answered, taken down while it is said. For use by the threads that write the
 * reply, one at a time.
 */
final class ReplyRecord {
  private final int limit;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private boolean incomplete;

  /**
   * @param limit in bytes, beyond which the record is given up
   */
  ReplyRecord(int limit) {
    this.limit = limit;
  }

  void write(byte[] part) {
    if (bytes.size() + part.length > limit) {
      giveUp();
    } else if (!incomplete) {
      bytes.writeBytes(part);
    }
  }

  /** Notes that the reply was not said to its end, or is too long to be kept. */
  void giveUp() {
    incomplete = true;
    bytes.reset();
  }

  /** The reply; empty when the record was given up. */
  Optional<KeptReply> reply(int status, String contentType) {
    return incomplete
        ? Optional.empty()
        : Optional.of(new KeptReply(status, contentType, bytes.toString(StandardCharsets.UTF_8)));
  }
}
