package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Clip;
import java.time.Duration;
import java.util.Optional;

/** What goes wrong with an upstream, as the client hears of it. */
final class UpstreamFailure {
  private static final int MESSAGE_CHARS = 2000;

  private UpstreamFailure() {}

  /** The upstream refused, in its own words. */
  static CaissonException told(int status, String message, Optional<String> retryAfter) {
    boolean retryable = status == 408 || status == 409 || status == 429 || status >= 500;
    return new CaissonException.Upstream(status, text(message), retryable, retryAfter);
  }

  /** It could not be reached, or the connection broke: another try may do better. */
  static CaissonException broken(String reason) {
    return new CaissonException.Upstream(502, text(reason), true, Optional.empty());
  }

  /** It kept silent for too long. */
  static CaissonException silent(Duration limit) {
    return new CaissonException.Upstream(
        504, text("silent for " + limit.toMillis() + " ms"), true, Optional.empty());
  }

  /** It answered with what is no message; it would do so again. */
  static CaissonException unreadable(String reason) {
    return new CaissonException.Upstream(
        502,
        "upstream sent no message: " + Clip.to(reason, MESSAGE_CHARS),
        false,
        Optional.empty());
  }

  private static String text(String reason) {
    return "upstream: " + Clip.to(reason, MESSAGE_CHARS);
  }
}
