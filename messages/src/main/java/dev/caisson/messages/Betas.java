package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Clip;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The values of the {@code anthropic-beta} header: those that we fulfil ourselves, those that the
 * upstream is to fulfil, and all others, which are refused as the API does.
 */
public final class Betas {
  private static final Set<String> OURS =
      Set.of(
          "code-execution-2025-05-22",
          "code-execution-2025-08-25",
          "advanced-tool-use-2025-11-20",
          "files-api-2025-04-14",
          "message-batches-2024-09-24",
          "message-threads-2026-08-12",
          "skills-2025-10-02");

  /** Those of anthropic-java 3.12.0 that change a message and not who may do what. */
  private static final Set<String> FORWARDED = Set.copyOf(Resources.lines("forwarded-betas.txt"));

  private Betas() {}

  /** Those to pass on; throws InvalidRequest for one that nobody knows. */
  public static List<String> forwarded(List<String> headers) {
    List<String> values =
        headers.stream()
            .flatMap(header -> Arrays.stream(header.split(",", -1)))
            .map(String::strip)
            .filter(value -> !value.isEmpty())
            .distinct()
            .toList();
    for (String value : values) {
      if (!OURS.contains(value) && !FORWARDED.contains(value)) {
        throw new CaissonException.InvalidRequest(
            "Unexpected value(s) `" + Clip.word(value) + "` for the `anthropic-beta` header.");
      }
    }
    return values.stream().filter(FORWARDED::contains).toList();
  }
}
