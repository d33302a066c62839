package dev.caisson.messages;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Whose model writes the code, and how far a request may go.
 *
 * @param upstream base address of a server that speaks the Messages format; {@code /v1/messages} is
 *     added to it. Empty: only {@code caisson-direct} can be used
 * @param upstreamKey sent as {@code x-api-key}
 * @param upstreamTimeout for one reply of the upstream; the official SDKs wait as long
 * @param iterations replies of the upstream in one request, after which it is paused; the hosted
 *     service's published default
 * @param batchParallelism requests of message batches that are answered at once
 */
public record MessagesSettings(
    Optional<URI> upstream,
    Optional<String> upstreamKey,
    Duration upstreamTimeout,
    int iterations,
    int batchParallelism) {
  /** No upstream; batches leave room for those who wait for their answers. */
  public static final MessagesSettings DEFAULT =
      new MessagesSettings(Optional.empty(), Optional.empty(), Duration.ofMinutes(10), 10, 4);

  public MessagesSettings withUpstream(URI address) {
    return new MessagesSettings(
        Optional.of(address), upstreamKey, upstreamTimeout, iterations, batchParallelism);
  }

  public MessagesSettings withUpstreamKey(String key) {
    return new MessagesSettings(
        upstream, Optional.of(key), upstreamTimeout, iterations, batchParallelism);
  }

  public MessagesSettings withUpstreamTimeout(Duration timeout) {
    return new MessagesSettings(upstream, upstreamKey, timeout, iterations, batchParallelism);
  }

  public MessagesSettings withIterations(int count) {
    return new MessagesSettings(upstream, upstreamKey, upstreamTimeout, count, batchParallelism);
  }

  public MessagesSettings withBatchParallelism(int count) {
    return new MessagesSettings(upstream, upstreamKey, upstreamTimeout, iterations, count);
  }

  /** Keeps the key out of logs. */
  @Override
  public String toString() {
    return "MessagesSettings[upstream=" + upstream.map(URI::toString).orElse("none") + "]";
  }
}
