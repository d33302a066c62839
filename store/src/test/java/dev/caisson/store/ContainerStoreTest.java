package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CellId;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Language;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
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

class ContainerStoreTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir Path data;
  private Store store;
  private ContainerStore containers;
  private OrganizationId organization;

  @BeforeEach
  void open() {
    store = Store.open(data);
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
              .<Callable<OptionalLong>>mapToObj(
                  i -> () -> containers.claim(id, Optional.empty(), 0, "owner-" + i, "lost"))
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
    assertThat(containers.claim(id, Optional.empty(), 0, "dead", "x")).hasValue(1);
    CellId cell = CellId.next();
    assertThat(store.cells().begin(cell, id, 1, Language.BASH, NOW, Optional.empty())).isTrue();
    assertThat(find(id).cellRunning()).isTrue();
    assertThat(store.cells().find(id, cell)).isEmpty();

    assertThat(containers.claim(id, Optional.of("dead"), 1, "living", "server_restart"))
        .hasValue(2);

    assertThat(find(id).cellRunning()).isFalse();
    assertThat(store.cells().find(id, cell).orElseThrow().outcome())
        .isEqualTo(new dev.caisson.domain.CellOutcome.Lost("server_restart"));
  }

  @Test
  void ignoresAnOwnerWhoseTermIsOver() {
    ContainerId id = insert();
    containers.claim(id, Optional.empty(), 0, "first", "x");
    containers.claim(id, Optional.of("first"), 1, "second", "x");

    containers.release(id, 1, NOW, Optional.of(7L));
    containers.measured(id, 1, 7);
    assertThat(containers.end(id, 1, new Ending(ContainerRow.DELETED, NOW))).isFalse();
    assertThat(store.cells().begin(CellId.next(), id, 1, Language.PYTHON, NOW, Optional.empty()))
        .isFalse();
    assertThat(containers.claim(id, Optional.of("first"), 1, "third", "x")).isEmpty();

    ContainerRow row = find(id);
    assertThat(row.owner()).contains("second");
    assertThat(row.diskBytes()).isZero();
    assertThat(row.ended()).isEmpty();
  }

  @Test
  void keepsTheLastSizeWhenNoneWasMeasured() {
    ContainerId id = insert();
    containers.claim(id, Optional.empty(), 0, "me", "x");
    containers.measured(id, 1, 4096);
    containers.release(id, 1, NOW.plusSeconds(3), Optional.empty());
    ContainerRow row = find(id);
    assertThat(row.diskBytes()).isEqualTo(4096);
    assertThat(row.owner()).isEmpty();
    assertThat(row.lastActiveAt()).isEqualTo(NOW.plusSeconds(3));
  }

  @Test
  void runsNoCellInATombstone() {
    ContainerId id = insert();
    containers.claim(id, Optional.empty(), 0, "me", "x");
    assertThat(containers.end(id, 1, new Ending(ContainerRow.EXPIRED, NOW))).isTrue();
    assertThat(store.cells().begin(CellId.next(), id, 1, Language.PYTHON, NOW, Optional.empty()))
        .isFalse();
    assertThat(containers.end(id, 1, new Ending(ContainerRow.EXPIRED, NOW))).isFalse();
    assertThat(containers.end(id, 1, new Ending(ContainerRow.DELETED, NOW.plusSeconds(1))))
        .isTrue();
    assertThat(find(id).ended()).contains(new Ending(ContainerRow.DELETED, NOW.plusSeconds(1)));
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
    containers.claim(made.get(3), Optional.empty(), 0, "me", "x");
    containers.end(made.get(3), 1, new Ending(ContainerRow.DELETED, NOW));

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
}
