package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caisson.domain.Cell;
import dev.caisson.domain.CellChanges;
import dev.caisson.domain.ChangedFile;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.StoredFile;
import dev.caisson.store.FileMark;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CellChangesTest {
  @TempDir Path root;

  private static String shown(CellChanges changes) {
    CellChanges.Known known = (CellChanges.Known) changes;
    return lists(known, ChangedFile::path);
  }

  private static String lists(CellChanges.Known known, Function<ChangedFile, String> one) {
    return List.of(known.created(), known.modified(), known.deleted(), known.unattributed())
        .stream()
        .map(files -> files.stream().map(one).collect(Collectors.joining(" ")))
        .collect(Collectors.joining("|"));
  }

  private static List<String> files(EngineFixture fixture, ContainerId id) {
    return fixture.store.workspaceFiles().list(id).stream().map(FileMark::path).toList();
  }

  @Test
  void keepsWhatACellDidToFiles() throws Exception {
    try (EngineFixture fixture = new EngineFixture(root)) {
      StoredFile input = fixture.upload("in.txt", "input");
      ContainerId id = fixture.createWith(input).id();
      fixture.write(id, "/tmp/api", "by the API");
      Cell first = fixture.bash(id, "printf hello > /tmp/a; printf b > ~/b");
      assertThat(shown(first.changes())).isEqualTo("/home/user/b /tmp/a|||");
      assertThat(((CellChanges.Known) first.changes()).created())
          .contains(
              new ChangedFile(
                  "/tmp/a",
                  5,
                  Optional.of("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")));
      assertThat(fixture.engine.cells().get(fixture.organization, id, first.id())).isEqualTo(first);
      Cell second = fixture.bash(id, "rm ~/b $INPUT_DIR/in.txt; printf more >> /tmp/api");
      assertThat(shown(second.changes())).isEqualTo("|/tmp/api|/files/input/in.txt /home/user/b|");
      assertThat(shown(fixture.python(id, "1").changes())).isEqualTo("|||");
      assertThat(files(fixture, id)).containsExactly("/tmp/a", "/tmp/api");
      fixture.engine.workspaces().delete(fixture.organization, id, "/tmp/api");
      assertThat(files(fixture, id)).containsExactly("/tmp/a");
    }
  }

  @Test
  void blamesNoCellForWhatStoodThereBefore() throws Exception {
    try (EngineFixture fixture = new EngineFixture(root)) {
      ContainerId id = fixture.create().id();
      fixture.bash(id, "printf hello > /tmp/a; printf x > /tmp/b");
      fixture.clock.advance(Duration.ofHours(1));
      fixture.engine.sweep();
      assertThat(fixture.engine.warm().find(id)).isEmpty();
      assertThat(shown(fixture.bash(id, "rm /tmp/b").changes())).isEqualTo("||/tmp/b|");
    }
  }

  @Test
  void saysThatEarlierChangesAreNobodysAfterALossOfRecords() throws Exception {
    try (EngineFixture fixture = new EngineFixture(root)) {
      ContainerId id = fixture.create().id();
      Cell unrecorded = fixture.bash(id, "printf hello > /tmp/a");
      // As after kill -9 between the cell's end and the record of its changes.
      fixture.store.workspaceFiles().noteDeleted(id, "/tmp/a");
      fixture.clock.advance(Duration.ofHours(1));
      fixture.engine.sweep();
      Cell next = fixture.bash(id, "printf b > /tmp/b");
      assertThat(shown(next.changes())).isEqualTo("/tmp/b|||/tmp/a");
      assertThat(files(fixture, id)).containsExactly("/tmp/a", "/tmp/b");
      assertThat(unrecorded.changes()).isInstanceOf(CellChanges.Known.class);
    }
  }

  @Test
  void readsMuchFromTheRecordLater() throws Exception {
    try (EngineFixture fixture = new EngineFixture(root)) {
      ContainerId id = fixture.create().id();
      Cell cell =
          fixture.python(id, "with open('/tmp/big', 'wb') as file: file.truncate(200 << 20)");
      assertThat(cell.changes()).isEqualTo(CellChanges.PENDING);
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() ->
              assertThat(fixture.engine.cells().get(fixture.organization, id, cell.id()).changes())
                  .isInstanceOf(CellChanges.Known.class));
      assertThat(shown(fixture.engine.cells().get(fixture.organization, id, cell.id()).changes()))
          .isEqualTo("/tmp/big|||");
    }
  }

  @Test
  void listsAThousandFilesAndCountsTheRest() throws Exception {
    try (EngineFixture fixture = new EngineFixture(root)) {
      ContainerId id = fixture.create().id();
      Cell cell = fixture.python(id, "import os\nfor i in range(1500): os.mknod(f'/tmp/{i:04}')");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() ->
              fixture.engine.cells().get(fixture.organization, id, cell.id()).changes()
                  instanceof CellChanges.Known);
      CellChanges.Known known =
          (CellChanges.Known)
              fixture.engine.cells().get(fixture.organization, id, cell.id()).changes();
      assertThat(known.created()).hasSize(1000);
      assertThat(known.omitted()).isEqualTo(500);
      assertThat(files(fixture, id)).hasSize(1500);
    }
  }
}
