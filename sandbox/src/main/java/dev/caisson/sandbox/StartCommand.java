package dev.caisson.sandbox;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Limits;
import dev.caisson.domain.StateLimits;
import java.util.Map;

/** What the keeper is told to open a sandbox. */
final class StartCommand {
  private StartCommand() {}

  static Map<String, Object> of(ContainerId container, String token, Image image, Limits limits) {
    return Map.of(
        "container",
        container.value(),
        "token",
        token,
        "image",
        Map.of(
            "kind",
            image.kind().name(),
            "directory",
            image.directory().toAbsolutePath().toString(),
            "python",
            image.python(),
            "siteDirectory",
            image.siteDirectory()),
        "state",
        state(limits.state()),
        "limits",
        Map.of(
            "memory",
            limits.memory().bytes(),
            "cpus",
            limits.cpus(),
            "processes",
            limits.processes(),
            "disk",
            limits.disk().bytes()));
  }

  /** As the guest reads it: bytes, seconds for a save, seconds before it. */
  private static String state(StateLimits limits) {
    return limits.size().bytes()
        + ","
        + limits.time().toNanos() / 1e9
        + ","
        + limits.delay().toNanos() / 1e9;
  }
}
