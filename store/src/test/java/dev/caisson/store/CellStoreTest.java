package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Language;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputFile;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Release;
import dev.caisson.domain.StoredFile;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@OnEveryDatabase
class CellStoreTest {
  private final DatabaseKind database;
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final String HASH = "ab".repeat(32);

  @TempDir Path data;
  private Store store;
  private OrganizationId organization;
  private ContainerId container;

  CellStoreTest(DatabaseKind database) {
    this.database = database;
  }

  @BeforeEach
  void open() {
    store = database.open(data);
    organization = store.organizations().oldest(NOW);
    ContainerRow row = StoreTest.container(organization);
    store.containers().insert(row);
    container = row.id();
    store.containers().claim(container, Optional.empty(), 0, "me", new Release("x", NOW));
  }

  @AfterEach
  void close() {
    store.close();
  }

  static Stream<CellOutcome> outcomes() {
    return Stream.of(
        new CellOutcome.Completed(0),
        new CellOutcome.Completed(139),
        new CellOutcome.TimedOut(Duration.ofMillis(1500), true),
        new CellOutcome.TimedOut(Duration.ofSeconds(90), false),
        new CellOutcome.Killed("out_of_memory", true),
        new CellOutcome.Lost("server_restart"));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void keepsEveryOutcome(CellOutcome outcome) {
    Cell cell = begin(outcome, List.of());
    assertThat(
            store
                .cells()
                .complete(
                    cell, organization, List.of(), List.of(), LedgerChange.NONE, Optional.empty()))
        .isTrue();
    assertThat(store.cells().find(container, cell.id())).contains(cell);
    assertThat(store.containers().find(container).orElseThrow().cellRunning()).isFalse();
  }

  @Test
  void keepsACellAndItsFilesTogether() {
    StoredFile file = file();
    Cell cell = begin(new CellOutcome.Completed(0), List.of(output(file)));
    String reservation = store.files().reserve(HASH, "me");
    store
        .cells()
        .complete(
            cell,
            organization,
            List.of(file),
            List.of(reservation),
            LedgerChange.NONE,
            Optional.empty());
    assertThat(store.cells().find(container, cell.id())).contains(cell);
    assertThat(store.files().find(organization, file.id())).contains(file);

    store.files().delete(organization, file.id());
    assertThat(store.cells().find(container, cell.id()).orElseThrow().outputs())
        .containsExactly(output(file));
  }

  @Test
  void keepsNeitherCellNorFilesWhenOneCannotBeKept() {
    StoredFile file = file();
    Cell cell = begin(new CellOutcome.Completed(0), List.of(output(file), output(file)));
    assertThatThrownBy(() ->
            store
                .cells()
                .complete(
                    cell,
                    organization,
                    List.of(file, file),
                    List.of(),
                    LedgerChange.NONE,
                    Optional.empty()))
        .isInstanceOf(CaissonException.class);
    assertThat(store.cells().find(container, cell.id())).isEmpty();
    assertThat(store.files().find(organization, file.id())).isEmpty();
  }

  /** Such as a process that was stopped, taken for dead, and goes on. */
  @Test
  void keepsNothingOfACellWhoseTermIsOver() {
    StoredFile file = file();
    Cell cell = begin(new CellOutcome.Completed(0), List.of(output(file)));
    String reservation = store.files().reserve(HASH, "me");
    store
        .containers()
        .claim(container, Optional.of("me"), 1, "other", new Release("server_restart", NOW));

    assertThat(
            store
                .cells()
                .complete(
                    cell,
                    organization,
                    List.of(file),
                    List.of(reservation),
                    LedgerChange.NONE,
                    Optional.empty()))
        .isFalse();

    assertThat(store.cells().find(container, cell.id()).orElseThrow().outcome())
        .isEqualTo(new CellOutcome.Lost("server_restart"));
    assertThat(store.files().find(organization, file.id())).isEmpty();
  }

  @Test
  void losesNoCellOfALaterTerm() {
    store
        .containers()
        .claim(container, Optional.of("me"), 1, "other", new Release("server_restart", NOW));
    CellId running = CellId.next();
    assertThat(
            store
                .cells()
                .begin(
                    container,
                    2,
                    StoreTest.program(running, Language.BASH),
                    NOW,
                    Optional.empty(),
                    LedgerChange.NONE))
        .isTrue();
    store.cells().lose(container, 1, "internal_error");
    assertThat(store.containers().find(container).orElseThrow().cellRunning()).isTrue();
    store.cells().lose(container, 2, "internal_error");
    assertThat(store.containers().find(container).orElseThrow().cellRunning()).isFalse();
  }

  @Test
  void listsNewestFirstWithoutTheRunningOne() {
    Cell first = begin(new CellOutcome.Completed(0), List.of());
    store
        .cells()
        .complete(first, organization, List.of(), List.of(), LedgerChange.NONE, Optional.empty());
    Cell second = begin(new CellOutcome.Completed(1), List.of());
    store
        .cells()
        .complete(second, organization, List.of(), List.of(), LedgerChange.NONE, Optional.empty());
    begin(new CellOutcome.Completed(0), List.of());
    assertThat(store.cells().list(container, PageRequest.first()).items())
        .containsExactly(second, first);
  }

  @Test
  void knowsACellInItsOwnContainerOnly() {
    Cell cell = begin(new CellOutcome.Completed(0), List.of());
    store
        .cells()
        .complete(cell, organization, List.of(), List.of(), LedgerChange.NONE, Optional.empty());
    assertThat(store.cells().find(ContainerId.next(), cell.id())).isEmpty();
  }

  private Cell begin(CellOutcome outcome, List<OutputFile> outputs) {
    Cell cell =
        new Cell(
            CellId.next(),
            container,
            Language.PYTHON,
            outcome,
            new CapturedOutput("out \u0000 \uD83D\uDE00\n", 12),
            new CapturedOutput("err", 0),
            NOW,
            Duration.ofNanos(1_234_000),
            Duration.ofNanos(56_000),
            outputs);
    assertThat(
            store
                .cells()
                .begin(
                    container,
                    1,
                    StoreTest.program(cell.id(), cell.language()),
                    NOW,
                    Optional.empty(),
                    LedgerChange.NONE))
        .isTrue();
    return cell;
  }

  private static StoredFile file() {
    return new StoredFile(FileId.next(), "a.csv", "text/csv", 3, HASH, NOW, true, Optional.empty());
  }

  private static OutputFile output(StoredFile file) {
    return new OutputFile(file.id(), file.filename(), file.sizeBytes(), file.sha256());
  }
}
