package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CaissonException.Unauthenticated;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Principal;
import dev.caisson.store.Store;
import dev.caisson.store.testing.TestDatabases;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysTest {
  @TempDir Path data;
  private final TestClock clock = new TestClock();
  private Store store;
  private Keys keys;

  @BeforeEach
  void open() {
    store = TestDatabases.open(data);
    keys = new Keys(store, clock);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void knowsWhoHoldsAKey() {
    OrganizationId organization = keys.localOrganization();
    Keys.NewKey key = keys.create(organization, "laptop");
    assertThat(key.text()).matches("sk-caisson-[A-Za-z0-9_-]{43}");
    assertThat(key.toString()).doesNotContain(key.text());
    assertThat(keys.authenticate(key.text())).isEqualTo(new Principal(key.id(), organization));
  }

  @Test
  void refusesEveryOtherText() {
    Keys.NewKey key = keys.create(keys.localOrganization(), "laptop");
    for (String wrong :
        new String[] {"", key.text() + " ", key.text().toUpperCase(java.util.Locale.ROOT), "x"}) {
      assertThatThrownBy(() -> keys.authenticate(wrong)).isInstanceOf(Unauthenticated.class);
    }
  }

  @Test
  void endsARevokedKeyForGood() {
    OrganizationId organization = keys.localOrganization();
    Keys.NewKey key = keys.create(organization, "laptop");
    Keys.NewKey other = keys.create(organization, "server");
    keys.revoke(key.id());
    clock.advance(java.time.Duration.ofSeconds(5));
    keys.revoke(key.id());
    assertThatThrownBy(() -> keys.authenticate(key.text())).isInstanceOf(Unauthenticated.class);
    assertThat(keys.authenticate(other.text()).keyId()).isEqualTo(other.id());
    assertThat(keys.list(organization))
        .extracting(Keys.KeyEntry::name)
        .containsExactly("server", "laptop");
    assertThat(keys.list(organization).getLast().revokedAt())
        .contains(clock.instant().minusSeconds(5));
    assertThatThrownBy(() -> keys.authenticate(key.text()))
        .hasMessageContaining(key.id().value())
        .hasMessageContaining("revoked at " + clock.instant().minusSeconds(5));
    assertThatThrownBy(() -> keys.revoke(KeyId.next())).isInstanceOf(NotFound.class);
  }

  @Test
  void endsAllKeysOfAnOrganizationAndNoOther() {
    Keys.NewKey one = keys.create(keys.localOrganization(), "one");
    Keys.NewKey two = keys.create(keys.localOrganization(), "two");
    OrganizationId other = store.organizations().create("other", clock.instant()).orElseThrow();
    Keys.NewKey theirs = keys.create(other, "theirs");
    keys.revoke(one.id());
    assertThat(keys.revokeAll(keys.localOrganization())).containsExactly(two.id());
    assertThat(keys.revokeAll(keys.localOrganization())).isEmpty();
    assertThatThrownBy(() -> keys.authenticate(two.text())).isInstanceOf(Unauthenticated.class);
    assertThat(keys.authenticate(theirs.text()).organizationId()).isEqualTo(other);
    assertThat(keys.list()).hasSize(3);
  }

  @Test
  void makesTheFirstKeyOnce() {
    Keys.NewKey first = keys.createFirst().orElseThrow();
    assertThat(first.organizationId()).isEqualTo(keys.localOrganization());
    assertThat(keys.createFirst()).isEmpty();
    keys.revoke(first.id());
    assertThat(keys.createFirst()).isEmpty();
  }

  @Test
  void keepsNoTextOfAKey() throws Exception {
    String text = keys.createFirst().orElseThrow().text();
    byte[] secret = text.substring("sk-caisson-".length()).getBytes(StandardCharsets.US_ASCII);
    try (var files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(bytes).doesNotContain(new String(secret, StandardCharsets.ISO_8859_1));
      }
    }
  }

  @Test
  void refusesABadName() {
    for (String bad : new String[] {"", "  ", "a\nb", "x".repeat(256)}) {
      assertThatThrownBy(() -> keys.create(keys.localOrganization(), bad))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageStartingWith("name: ");
    }
  }
}
