package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CaissonException.Unauthenticated;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Principal;
import dev.caisson.store.KeyRow;
import dev.caisson.store.KeyStore;
import dev.caisson.store.OrganizationStore;
import dev.caisson.store.Store;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** API keys: hashed at rest, compared in constant time. Safe for use from many threads. */
public final class Keys {
  private static final String PREFIX = "sk-caisson-";

  /** 256 bits: nobody can guess one, so a plain hash at rest is enough. */
  private static final int RANDOM_BYTES = 32;

  private static final int MAX_NAME_CHARACTERS = 255;
  private static final String FIRST_NAME = "first";

  private final KeyStore keys;
  private final OrganizationStore organizations;
  private final InstantSource clock;
  private final Audit audit;
  private final SecureRandom random = new SecureRandom();

  Keys(Store store, InstantSource clock) {
    this.keys = store.keys();
    this.organizations = store.organizations();
    this.clock = clock;
    this.audit = new Audit(store.directory().auditLog(), clock);
  }

  /** Who holds the key; throws Unauthenticated when it is unknown or revoked. */
  public Principal authenticate(String key) {
    String hash = hash(key);
    KeyRow row =
        keys.findByHash(hash)
            .filter(found -> sameHash(found.sha256(), hash))
            .orElseThrow(() -> new Unauthenticated("invalid x-api-key"));
    if (row.revokedAt().isPresent()) {
      // Whoever has the whole text of a key may know what became of it.
      throw new Unauthenticated(
          "invalid x-api-key: key `" + row.id() + "` was revoked at " + row.revokedAt().get());
    }
    return new Principal(row.id(), row.organizationId());
  }

  private static boolean sameHash(String kept, String given) {
    return MessageDigest.isEqual(
        kept.getBytes(StandardCharsets.US_ASCII), given.getBytes(StandardCharsets.US_ASCII));
  }

  /** A new key; its text is shown this once. */
  public NewKey create(OrganizationId organization, String name) {
    Names.check(name, MAX_NAME_CHARACTERS);
    String text = newText();
    KeyId id = KeyId.next();
    keys.insert(new KeyRow(id, organization, name, hash(text), now(), Optional.empty()));
    audit.log("key_created key=" + id + " organization=" + organization);
    return new NewKey(id, organization, text);
  }

  /** Newest first, without their texts. */
  public List<KeyEntry> list(OrganizationId organization) {
    return keys.list(organization).stream().map(KeyEntry::of).toList();
  }

  /** Those of every organization, newest first, without their texts. */
  public List<KeyEntry> list() {
    return keys.list().stream().map(KeyEntry::of).toList();
  }

  /**
   * Ends a key of whatever organization; throws NotFound when unknown. The next request with it is
   * refused; what it has begun goes on to its end.
   */
  public void revoke(KeyId id) {
    KeyRow row = keys.revoke(id, now()).orElseThrow(() -> NotFound.key(id.value()));
    audit(row);
  }

  /** Ends all keys of an organization; those that lived. */
  public List<KeyId> revokeAll(OrganizationId organization) {
    List<KeyRow> ended = keys.revokeAll(organization, now());
    ended.forEach(this::audit);
    return ended.stream().map(KeyRow::id).toList();
  }

  private void audit(KeyRow row) {
    audit.log("key_revoked key=" + row.id() + " organization=" + row.organizationId());
  }

  /** The first organization and key of a data directory; empty when there is one already. */
  public Optional<NewKey> createFirst() {
    String text = newText();
    KeyId id = KeyId.next();
    return keys.insertFirst(id, FIRST_NAME, hash(text), now())
        .map(organization -> {
          audit.log("key_created key=" + id + " organization=" + organization);
          return new NewKey(id, organization, text);
        });
  }

  /** The organization that the embedded engine works for: the oldest, made when there is none. */
  public OrganizationId localOrganization() {
    return organizations.oldest(now());
  }

  private Instant now() {
    return Instant.ofEpochMilli(clock.millis());
  }

  private String newText() {
    byte[] secret = new byte[RANDOM_BYTES];
    random.nextBytes(secret);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }

  private static String hash(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new Internal("this Java has no SHA-256", e);
    }
  }

  /** A key as it is shown once. */
  public record NewKey(KeyId id, OrganizationId organizationId, String text) {
    /** Without the text, so that no log can hold it. */
    @Override
    public String toString() {
      return "NewKey[id=" + id + ", organizationId=" + organizationId + "]";
    }
  }

  /** A key as it is listed. */
  public record KeyEntry(
      KeyId id,
      OrganizationId organizationId,
      String name,
      Instant createdAt,
      Optional<Instant> revokedAt) {
    private static KeyEntry of(KeyRow row) {
      return new KeyEntry(
          row.id(), row.organizationId(), row.name(), row.createdAt(), row.revokedAt());
    }
  }
}
