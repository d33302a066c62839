package dev.caisson.engine;

import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Principal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** API keys: hashed at rest, compared in constant time. Safe for use from many threads. */
public final class Keys {

  /** Who holds the key; throws Unauthenticated when it is unknown or revoked. */
  public Principal authenticate(String key) {
    throw new UnsupportedOperationException();
  }

  /** A new key; its text is shown this once. */
  public NewKey create(OrganizationId organization, String name) {
    throw new UnsupportedOperationException();
  }

  /** Newest first, without their texts. */
  public List<KeyEntry> list(OrganizationId organization) {
    throw new UnsupportedOperationException();
  }

  /** Ends a key; throws NotFound when unknown. */
  public void revoke(OrganizationId organization, KeyId id) {
    throw new UnsupportedOperationException();
  }

  /** The first organization and key of a data directory; empty when there is one already. */
  public Optional<NewKey> createFirst() {
    throw new UnsupportedOperationException();
  }

  /** The organization that the embedded engine works for: the oldest, made when there is none. */
  public OrganizationId localOrganization() {
    throw new UnsupportedOperationException();
  }

  /** A key as it is shown once. */
  public record NewKey(KeyId id, OrganizationId organizationId, String text) {}

  /** A key as it is listed. */
  public record KeyEntry(KeyId id, String name, Instant createdAt, Optional<Instant> revokedAt) {}
}
