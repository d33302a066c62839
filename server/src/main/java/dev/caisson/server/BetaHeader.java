package dev.caisson.server;

import dev.caisson.messages.Betas;
import io.javalin.http.Context;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The values of {@code anthropic-beta}: some routes speak an older dialect to who sends one. */
final class BetaHeader {
  static final String FILES = "files-api-2025-04-14";
  static final String SKILLS = "skills-2025-10-02";

  private BetaHeader() {}

  /** All values as they came, each perhaps a comma list. */
  static List<String> values(Context context) {
    return Collections.list(context.req().getHeaders("anthropic-beta"));
  }

  /** Whether the request asks for that beta; throws InvalidRequest when it asks for an unknown. */
  static boolean asks(Context context, String beta) {
    List<String> headers = values(context);
    Betas.forwarded(headers);
    Set<String> asked =
        headers.stream()
            .flatMap(header -> Arrays.stream(header.split(",", -1)))
            .map(String::strip)
            .collect(Collectors.toSet());
    return asked.contains(beta);
  }
}
