package dev.caisson.server;

import dev.caisson.domain.ByteSize;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;
import java.util.Optional;

/**
 * How the HTTP side behaves.
 *
 * @param host address to listen on
 * @param port to listen on; 0 takes a free one
 * @param jsonLimit of one JSON body
 * @param contentLimit of one file that is uploaded or written to a workspace
 * @param idle a connection that neither sends nor takes a byte for this long is closed, unless a
 *     request of its own is being worked on
 * @param patience within which the head of a request must have come, however its bytes are spaced;
 *     a body that has been waited for so long must come with 1,000 bytes a second at least
 * @param ping silence on a stream of events after which a ping is sent
 * @param stopGrace how long requests that run when the server is closed may go on
 * @param keyRequests that one API key may make in a minute
 * @param keyCells requests of one API key that may run code at the same time
 * @param metricsToken that lets a caller see the metrics; without one only callers of this machine
 *     see them
 * @param adminKey that commands on the server's own machine show when they ask for a backup;
 *     without one nobody can
 */
@RecordBuilder
public record ServerSettings(
    String host,
    int port,
    ByteSize jsonLimit,
    ByteSize contentLimit,
    Duration idle,
    Duration patience,
    Duration ping,
    Duration stopGrace,
    int keyRequests,
    int keyCells,
    Optional<String> metricsToken,
    Optional<String> adminKey)
    implements ServerSettingsBuilder.With {
  /** The Messages API takes 32 MB in one request. */
  private static final ByteSize JSON_LIMIT = new ByteSize(32_000_000);

  /** The Files API takes 500 MB in one file. */
  private static final ByteSize CONTENT_LIMIT = new ByteSize(500_000_000);

  /** A head of 8 KiB takes a second on the slowest of lines; only who means harm takes this. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Loopback only: a server that others can reach is something to ask for. */
  public static final ServerSettings DEFAULT =
      new ServerSettings(
          "127.0.0.1",
          8787,
          JSON_LIMIT,
          CONTENT_LIMIT,
          Duration.ofSeconds(60),
          PATIENCE,
          Duration.ofSeconds(10),
          Duration.ZERO,
          60_000,
          256,
          Optional.empty(),
          Optional.empty());

  public ServerSettings withLimits(ByteSize json, ByteSize content) {
    return withJsonLimit(json).withContentLimit(content);
  }

  public ServerSettings withKeyLimits(int requestsPerMinute, int cells) {
    return withKeyRequests(requestsPerMinute).withKeyCells(cells);
  }
}
