package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.CellId;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Language;
import dev.caisson.domain.OrganizationId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@OnEveryDatabase
class StoreTest {
  private final DatabaseKind database;
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir Path temporary;

  StoreTest(DatabaseKind database) {
    this.database = database;
  }

  @Test
  void keepsWhatWasWrittenAcrossAReopening() {
    Path data = temporary.resolve("a path with spaces?and#signs%20");
    OrganizationId organization;
    ContainerRow container;
    try (Store store = database.open(data)) {
      organization = store.organizations().oldest(NOW);
      container = container(organization);
      store.containers().insert(container);
    }
    try (Store store = database.open(data)) {
      assertThat(store.organizations().oldest(NOW.plusSeconds(1))).isEqualTo(organization);
      assertThat(store.containers().find(container.id())).contains(container);
    }
  }

  static JournalEntry.Ran program(CellId cell, Language language) {
    return JournalEntry.Ran.of(
        cell,
        "/files/output/x",
        language == Language.BASH ? CellSpec.bash(":") : CellSpec.python(""));
  }

  static ContainerRow container(OrganizationId organization) {
    return container(organization, Map.of("team", "a \"quoted\" ü\n"));
  }

  static ContainerRow container(OrganizationId organization, Map<String, String> labels) {
    return new ContainerRow(
        ContainerId.next(),
        organization,
        "default",
        labels,
        NOW,
        NOW.plusSeconds(60),
        NOW,
        0,
        Optional.empty(),
        0,
        Optional.empty(),
        false,
        ContainerStatus.CREATED,
        Optional.empty(),
        ContainerRow.Peaks.NONE);
  }
}
