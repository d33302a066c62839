package dev.caisson.domain;

import java.util.Optional;

/**
 * Whose request something is, as the ledger names it.
 *
 * @param requestId {@code req_...}, the one that the reply bears
 * @param key empty for a process that works on the data directory itself
 */
public record Requester(String requestId, OrganizationId organization, Optional<KeyId> key) {
  public Requester {
    IdKind.REQUEST.check(requestId);
  }

  /** A request of this process's own, without a key. */
  public static Requester local(OrganizationId organization) {
    return new Requester(IdKind.REQUEST.next(), organization, Optional.empty());
  }
}
