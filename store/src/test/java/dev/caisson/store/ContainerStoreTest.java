package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CellId;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Language;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Release;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@OnEveryDatabase
class ContainerStoreTest {
  private final DatabaseKind database;
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir Path data;
  private Store store;
  private ContainerStore containers;
  private OrganizationId organization;

  ContainerStoreTest(DatabaseKind database) {
    this.database = database;
  }

  @BeforeEach
  void open() {
    store = database.open(data);
    containers = store.containers();
    organization = store.organizations().oldest(NOW);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void letsOneOfManyClaimAContainer() throws Exception {
    ContainerId id = insert();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<OptionalLong>> claims =
          IntStream.range(0, 20)
              .<Callable<OptionalLong>>mapToObj(i ->
                  () ->
                      containers.claim(
                          id, Optional.empty(), 0, "owner-" + i, new Release("lost", NOW)))
              .toList();
      int winners = 0;
      for (Future<OptionalLong> claim : threads.invokeAll(claims)) {
        if (claim.get().isPresent()) {
          assertThat(claim.get()).hasValue(1);
          winners++;
        }
      }
      assertThat(winners).isEqualTo(1);
    }
  }

  @Test
  void losesRunningCellsOfTheOwnerItIsTakenFrom() {
    ContainerId id = insert();
    assertThat(containers.claim(id, Optional.empty(), 0, "dead", new Release("x", NOW)))
        .hasValue(1);
    CellId cell = CellId.next();
    assertThat(
            store
                .cells()
                .begin(
                    id,
                    1,
                    StoreTest.program(cell, Language.BASH),
                    NOW,
                    Optional.empty(),
                    LedgerChange.NONE))
        .isTrue();
    assertThat(find(id).cellRunning()).isTrue();
    assertThat(store.cells().find(id, cell)).isEmpty();

    assertThat(
            containers.claim(
                id, Optional.of("dead"), 1, "living", new Release("server_restart", NOW)))
        .hasValue(2);

    assertThat(find(id).cellRunning()).isFalse();
    assertThat(store.cells().find(id, cell).orElseThrow().outcome())
        .isEqualTo(new dev.caisson.domain.CellOutcome.Lost("server_restart"));
  }

  @Test
  void ignoresAnOwnerWhoseTermIsOver() {
    ContainerId id = insert();
    containers.claim(id, Optional.empty(), 0, "first", new Release("x", NOW));
    containers.claim(id, Optional.of("first"), 1, "second", new Release("x", NOW));

    containers.release(id, 1, term(NOW, Optional.of(7L)));
    containers.measured(id, 1, 7);
    assertThat(containers.end(id, 1, ContainerStatus.DELETED, NOW)).isFalse();
    assertThat(
            store
                .cells()
                .begin(
                    id,
                    1,
                    StoreTest.program(CellId.next(), Language.PYTHON),
                    NOW,
                    Optional.empty(),
                    LedgerChange.NONE))
        .isFalse();
    assertThat(containers.claim(id, Optional.of("first"), 1, "third", new Release("x", NOW)))
        .isEmpty();

    ContainerRow row = find(id);
    assertThat(row.owner()).contains("second");
    assertThat(row.diskBytes()).isZero();
    assertThat(row.ended()).isEmpty();
  }

  @Test
  void keepsTheLastSizeWhenNoneWasMeasured() {
    ContainerId id = insert();
    containers.claim(id, Optional.empty(), 0, "me", new Release("x", NOW));
    containers.measured(id, 1, 4096);
    containers.release(id, 1, term(NOW.plusSeconds(3), Optional.empty()));
    ContainerRow row = find(id);
    assertThat(row.diskBytes()).isEqualTo(4096);
    assertThat(row.owner()).isEmpty();
    assertThat(row.lastActiveAt()).isEqualTo(NOW.plusSeconds(3));
  }

  @Test
  void runsNoCellInATombstone() {
    ContainerId id = insert();
    containers.claim(id, Optional.empty(), 0, "me", new Release("x", NOW));
    assertThat(containers.end(id, 1, ContainerStatus.EXPIRED, NOW)).isTrue();
    assertThat(
            store
                .cells()
                .begin(
                    id,
                    1,
                    StoreTest.program(CellId.next(), Language.PYTHON),
                    NOW,
                    Optional.empty(),
                    LedgerChange.NONE))
        .isFalse();
    assertThat(containers.end(id, 1, ContainerStatus.EXPIRED, NOW)).isFalse();
    assertThat(containers.end(id, 1, ContainerStatus.DELETED, NOW.plusSeconds(1))).isTrue();
    assertThat(find(id).ended()).contains(new Ending("deleted", NOW.plusSeconds(1)));
  }

  @Test
  void pagesNewestFirstThroughRowsThatComeAndGo() {
    List<ContainerId> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      made.add(insert());
    }
    Page<ContainerRow> first = containers.list(organization, new PageRequest(2, Optional.empty()));
    assertThat(ids(first)).containsExactly(made.get(4), made.get(3));

    insert();
    containers.claim(made.get(3), Optional.empty(), 0, "me", new Release("x", NOW));
    containers.end(made.get(3), 1, ContainerStatus.DELETED, NOW);

    Page<ContainerRow> second = containers.list(organization, new PageRequest(2, first.next()));
    assertThat(ids(second)).containsExactly(made.get(2), made.get(1));
    Page<ContainerRow> third = containers.list(organization, new PageRequest(2, second.next()));
    assertThat(ids(third)).containsExactly(made.get(0));
    assertThat(third.next()).isEmpty();
  }

  @Test
  void showsNothingOfAnotherOrganization() {
    insert();
    OrganizationId other = store.organizations().create("other", NOW).orElseThrow();
    assertThat(containers.list(other, PageRequest.first()).items()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "page_",
        "page_!!!",
        "page_eDox",
        "x",
        "page_Y29udGFpbmVyczo",
        "page_ZmlsZXM6MQ",
        "page_Y29udGFpbmVyczotMQ",
        "\u0000",
        "page_Y29udGFpbmVyczoxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw"
      })
  void refusesATokenThatIsNotItsOwn(String token) {
    assertThatThrownBy(() -> containers.list(organization, new PageRequest(5, Optional.of(token))))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("page");
  }

  @Test
  void remembersMountsByName() {
    ContainerId id = insert();
    MountRow mount = new MountRow("a.csv", FileId.next(), 3, "aa");
    containers.insertMount(id, 0, mount, NOW);
    MountRow again = new MountRow("a.csv", FileId.next(), 3, "aa");
    containers.insertMount(id, 0, again, NOW);
    assertThat(containers.mounted(id, "a.csv")).contains(again);
    containers.insertMount(id, 0, new MountRow("a.csv", FileId.next(), 4, "bb"), NOW);
    containers.insertMount(id, 1, new MountRow("b.csv", FileId.next(), 5, "cc"), NOW);
    assertThat(containers.mounts(id)).containsExactly(again);
  }

  private ContainerId insert() {
    ContainerRow row = StoreTest.container(organization);
    containers.insert(row);
    return row.id();
  }

  private ContainerRow find(ContainerId id) {
    return containers.find(id).orElseThrow();
  }

  private static List<ContainerId> ids(Page<ContainerRow> page) {
    return page.items().stream().map(ContainerRow::id).toList();
  }

  private static Term term(Instant lastActive, Optional<Long> diskBytes) {
    return new Term(lastActive, Optional.of(new Release(Release.IDLE, NOW)), diskBytes, 0);
  }

  @Test
  void walksAlongTheArrows() {
    ContainerId id = insert();
    assertThat(find(id).state()).isEqualTo(ContainerStatus.CREATED);
    claim(id, 0);
    assertThat(find(id).state()).isEqualTo(ContainerStatus.IDLE);
    CellId cell = CellId.next();
    store
        .cells()
        .begin(
            id,
            1,
            StoreTest.program(cell, Language.BASH),
            NOW,
            Optional.empty(),
            LedgerChange.NONE);
    assertThat(find(id).state()).isEqualTo(ContainerStatus.WARM);
    store.cells().lose(id, 1, "x");
    assertThat(find(id).state()).isEqualTo(ContainerStatus.IDLE);
    containers.release(id, 1, new Term(NOW, Optional.empty(), Optional.of(9L), 5));
    assertThat(find(id).state()).isEqualTo(ContainerStatus.RELEASED);
    assertThat(find(id).release()).isEmpty();
    assertThat(find(id).peaks()).isEqualTo(new ContainerRow.Peaks(5, 9));
    claim(id, 1);
    containers.release(id, 2, term(NOW.plusSeconds(1), Optional.of(3L)));
    assertThat(find(id).release()).contains(new Release(Release.IDLE, NOW));
    assertThat(find(id).peaks()).isEqualTo(new ContainerRow.Peaks(5, 9));
    claim(id, 2);
    assertThat(containers.end(id, 3, ContainerStatus.EXPIRED, NOW)).isTrue();
    assertThat(find(id).state()).isEqualTo(ContainerStatus.EXPIRED);
    claim(id, 3);
    assertThat(find(id).state()).isEqualTo(ContainerStatus.EXPIRED);
  }

  private void claim(ContainerId id, long epoch) {
    Optional<String> from = find(id).owner();
    assertThat(containers.claim(id, from, epoch, "me", new Release("x", NOW))).hasValue(epoch + 1);
  }

  @Test
  void takesNoWayBackFromTheEnd() {
    ContainerId id = insert();
    claim(id, 0);
    assertThat(containers.end(id, 1, ContainerStatus.DELETED, NOW)).isTrue();
    assertThat(containers.end(id, 1, ContainerStatus.EXPIRED, NOW)).isFalse();
    containers.release(id, 1, term(NOW, Optional.of(0L)));
    assertThat(find(id).state()).isEqualTo(ContainerStatus.DELETED);
  }

  @Test
  void saysThatASandboxDiedWithItsServer() {
    ContainerId id = insert();
    claim(id, 0);
    store
        .cells()
        .begin(
            id,
            1,
            StoreTest.program(CellId.next(), Language.BASH),
            NOW,
            Optional.empty(),
            LedgerChange.NONE);
    Release lost = new Release(Release.SERVER_RESTART, NOW.plusSeconds(9));
    assertThat(containers.claim(id, Optional.of("me"), 1, "next", lost)).hasValue(2);
    assertThat(find(id).release()).contains(lost);
    assertThat(find(id).state()).isEqualTo(ContainerStatus.IDLE);
  }

  @Test
  void forgetsATombstoneWithAllThatHangsOnIt() {
    ContainerId kept = insert();
    ContainerId id = insert();
    claim(id, 0);
    store
        .cells()
        .begin(
            id,
            1,
            StoreTest.program(CellId.next(), Language.BASH),
            NOW,
            Optional.empty(),
            LedgerChange.NONE);
    store.cells().lose(id, 1, "x");
    containers.end(id, 1, ContainerStatus.DELETED, NOW);
    assertThat(containers.forgetTombstones(NOW.plusMillis(1), 10)).isZero();
    containers.release(id, 1, term(NOW, Optional.empty()));
    assertThat(containers.forgetTombstones(NOW, 10)).isZero();
    assertThat(containers.forgetTombstones(NOW.plusMillis(1), 10)).isEqualTo(1);
    assertThat(containers.find(id)).isEmpty();
    assertThat(containers.find(kept)).isPresent();
  }
}
