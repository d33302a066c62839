package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import java.util.List;
import java.util.Optional;

/**
 * The headers of a request that its meaning hangs on.
 *
 * @param version of the API, passed on to the upstream
 * @param forwardedBetas those that the upstream is to hear of
 */
public record MessageHeaders(String version, List<String> forwardedBetas) {
  public MessageHeaders {
    forwardedBetas = List.copyOf(forwardedBetas);
  }

  /**
   * Checks the headers as they came.
   *
   * @param betaHeaders the values of {@code anthropic-beta}, each perhaps a comma list
   */
  public static MessageHeaders of(Optional<String> version, List<String> betaHeaders) {
    String known =
        version
            .filter(text -> !text.isBlank())
            .orElseThrow(
                () -> new CaissonException.InvalidRequest("anthropic-version: header is required"));
    return new MessageHeaders(known, Betas.forwarded(betaHeaders));
  }
}
