package dev.caisson.messages;

import dev.caisson.domain.IdKind;
import java.util.HashSet;
import java.util.Set;

/**
 * The two names of a call: {@code srvtoolu_X} for the client and {@code toolu_X} for the upstream,
 * so that one can be told from the other without a table. For use by one thread.
 */
final class ToolIds {
  private final Set<String> taken = new HashSet<>();

  /** The upstream's name of a call that a client knows. */
  static String upstream(String clientId) {
    String prefix = IdKind.SERVER_TOOL_USE.prefix();
    return clientId.startsWith(prefix)
        ? IdKind.TOOL_USE.prefix() + clientId.substring(prefix.length())
        : clientId;
  }

  /** Marks an id of the client's history as taken. */
  void take(String clientId) {
    taken.add(clientId);
  }

  /**
   * The client's name of a call that an upstream just made: a fresh one where the upstream's own
   * has another form, or is not the first of its name.
   */
  String client(String upstreamId) {
    String prefix = IdKind.TOOL_USE.prefix();
    String id =
        IdKind.TOOL_USE.matches(upstreamId)
            ? IdKind.SERVER_TOOL_USE.prefix() + upstreamId.substring(prefix.length())
            : IdKind.SERVER_TOOL_USE.next();
    while (!taken.add(id)) {
      id = IdKind.SERVER_TOOL_USE.next();
    }
    return id;
  }
}
