package dev.caisson.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a client command finds its containers. */
final class ClientOptions {
  @Option(
      names = "--server",
      paramLabel = "URL",
      description =
          "The server to use (default: $CAISSON_URL, else the one running on the data directory, else none: in process).")
  private @Nullable String server;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "The API key for --server (default: $CAISSON_API_KEY).")
  private @Nullable String key;

  Settings apply(Settings settings) {
    return settings
        .with(Setting.URL, Optional.ofNullable(server))
        .with(Setting.API_KEY, Optional.ofNullable(key));
  }
}
