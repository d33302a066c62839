package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.Unavailable;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Language;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Release;
import dev.caisson.domain.StoredFile;
import dev.caisson.store.testing.TemporaryPostgres;
import dev.caisson.store.testing.TestDatabases;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who lives and who does not, where only the database can tell. */
@Tag("postgres")
class LeaseTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  private static final Release LOST = new Release(Release.SERVER_RESTART, NOW);

  /** Nobody renews within a test what lasts that long. */
  private static final Duration LONG = Duration.ofHours(1);

  @TempDir Path data;
  private DatabaseUrl url;

  @BeforeEach
  void needServer() {
    assumeTrue(TemporaryPostgres.programs().isPresent(), TestDatabases.NEED);
    url = DatabaseUrl.parse(TestDatabases.postgres(data));
  }

  @Test
  void livesPastItsLeaseAsLongAsNobodyMindsIt() {
    try (Store store = open(LONG)) {
      String owner = store.owner().id();
      runOut(owner);
      assertThat(renew(owner)).isTrue();
      assertThat(store.owners().alive(owner)).isTrue();
    }
  }

  @Test
  @Timeout(30)
  void isDeadForGoodOnceSomebodyFoundItsLeaseRunOut() throws Exception {
    try (Store stopped = open(Duration.ofMillis(500));
        Store other = open(LONG)) {
      String owner = stopped.owner().id();
      assertThat(other.owners().alive(owner)).isTrue();
      kill(owner, other);

      assertThat(other.owners().alive(owner)).isFalse();
      assertThat(renew(owner)).isFalse();
      stopped.owner().awaitLoss();
    }
  }

  @Test
  void sweepsLeasesThatRanOut() {
    try (Store stopped = open(LONG);
        Store other = open(LONG)) {
      runOut(stopped.owner().id());
      assertThat(other.owners().sweep()).containsExactly(stopped.owner().id());
      assertThat(other.owners().alive(other.owner().id())).isTrue();
    }
  }

  /** The kernel of this machine knows it at once; nobody waits for the lease. */
  @Test
  void knowsADeadProcessOfThisMachineBeforeItsLeaseRunsOut() throws Exception {
    try (Store store = open(LONG);
        ChildProcess child = OwnerMain.start(DatabaseKind.POSTGRES, data)) {
      String owner = child.readLine();
      assertThat(store.owners().alive(owner)).isTrue();
      child.kill();
      assertThat(store.owners().alive(owner)).isFalse();
    }
  }

  /** Its lock cannot be seen from there: only the lease counts. */
  @Test
  void letsTheLeaseOfAnotherMachineDecide() throws Exception {
    try (Store store = open(LONG);
        ChildProcess child = OwnerMain.start(DatabaseKind.POSTGRES, data)) {
      String owner = child.readLine();
      update("UPDATE owner_leases SET boot_id = 'of another machine' WHERE owner = :owner", owner);
      Files.writeString(data.resolve("run/owner-" + owner + ".pid"), "1\nof another machine\n");
      child.kill();
      assertThat(store.owners().alive(owner)).isTrue();
      store.sweep();
      assertThat(store.owners().alive(owner)).isTrue();
      runOut(owner);
      assertThat(store.owners().alive(owner)).isFalse();
    }
  }

  /** A process that was stopped for longer than its lease, and goes on where it was. */
  @Test
  void letsNothingThroughOfAnOwnerThatWasTakenForDead() throws Exception {
    try (Store stopped = open(LONG);
        Store other = open(LONG)) {
      String owner = stopped.owner().id();
      OrganizationId organization = stopped.organizations().oldest(NOW);
      ContainerRow row = StoreTest.container(organization);
      stopped.containers().insert(row);
      assertThat(stopped.containers().claim(row.id(), Optional.empty(), 0, owner, LOST))
          .hasValue(1);
      CellId cell = CellId.next();
      assertThat(
              stopped
                  .cells()
                  .begin(
                      row.id(),
                      1,
                      StoreTest.program(cell, Language.BASH),
                      NOW,
                      Optional.empty(),
                      LedgerChange.NONE))
          .isTrue();
      Blobs.Staged staged =
          stopped
              .blobs()
              .stage(new ByteArrayInputStream(new byte[9]), ByteSize.ofMebibytes(1), "x");
      String reservation = stopped.files().reserve(staged.sha256(), owner);
      stopped.blobs().place(staged, Blobs.Durability.CRASH);

      kill(owner, other);
      other.sweep();
      assertThat(
              other.containers().claim(row.id(), Optional.of(owner), 1, other.owner().id(), LOST))
          .hasValue(2);

      assertRefused(() ->
          stopped
              .cells()
              .complete(
                  completed(cell, row),
                  organization,
                  List.of(),
                  List.of(),
                  LedgerChange.NONE,
                  Optional.empty()));
      assertThat(stopped.cells().find(row.id(), cell).orElseThrow().outcome())
          .isEqualTo(new CellOutcome.Lost("server_restart"));
      StoredFile file =
          new StoredFile(FileId.next(), "x", "y", 9, staged.sha256(), NOW, false, Optional.empty());
      assertRefused(() -> stopped.files().insert(organization, file, reservation, Long.MAX_VALUE));
      assertRefused(() -> stopped.containers().insert(StoreTest.container(organization)));
      assertRefused(() -> stopped.ledger().keepAlive(owner, 1));
      assertThat(
              Files.exists(
                  data.resolve("blobs")
                      .resolve(staged.sha256().substring(0, 2))
                      .resolve(staged.sha256())))
          .isFalse();
    }
  }

  private static void assertRefused(ThrowingCallable change) {
    assertThatThrownBy(change)
        .isInstanceOf(Unavailable.class)
        .hasMessageContaining("was taken for dead");
  }

  private static Cell completed(CellId id, ContainerRow container) {
    return new Cell(
        id,
        container.id(),
        Language.BASH,
        new CellOutcome.Completed(0),
        CapturedOutput.EMPTY,
        CapturedOutput.EMPTY,
        NOW,
        Duration.ZERO,
        Duration.ZERO,
        List.of());
  }

  private Store open(Duration lease) {
    return Store.open(DataDirectory.open(data), Optional.of(url), lease);
  }

  private boolean renew(String owner) {
    PostgresDatabase database = PostgresDatabase.open(url);
    try {
      return new Leases(database, LONG).renew(owner);
    } finally {
      database.close();
    }
  }

  /** The lease runs out and somebody sees it, faster than it can be renewed. */
  private void kill(String owner, Store by) {
    do {
      runOut(owner);
    } while (by.owners().alive(owner));
  }

  private void runOut(String owner) {
    update(
        "UPDATE owner_leases SET expires_at = clock_timestamp() - INTERVAL '1 second'"
            + " WHERE owner = :owner",
        owner);
  }

  private void update(String sql, String owner) {
    PostgresDatabase database = PostgresDatabase.open(url);
    try {
      database.change(handle -> handle.createUpdate(sql).bind("owner", owner).execute());
    } finally {
      database.close();
    }
  }
}
