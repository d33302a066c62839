package dev.caisson.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellChanges;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ChangedFile;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerCost;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Ending;
import dev.caisson.domain.FileId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputFile;
import dev.caisson.domain.Page;
import dev.caisson.domain.Release;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.Tombstone;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class RoundTripTest {
  private static final Instant NOW = Instant.parse("2026-08-20T10:00:00.123456Z");

  private static final Container EXPIRED =
      new Container(
          ContainerId.next(),
          ContainerStatus.EXPIRED,
          "default",
          NOW,
          NOW.plusSeconds(60),
          NOW,
          42,
          Map.of("team", "red"),
          Optional.of(new Release(Release.IDLE, NOW.plusSeconds(20))),
          Optional.of(new Ending("expired", NOW.plusSeconds(60))),
          Optional.of(
              new Tombstone(
                  Optional.of(
                      new Tombstone.LastCell(
                          CellId.next(), new CellOutcome.Killed("out_of_memory", true), NOW)),
                  7_000_000,
                  43,
                  new ContainerCost(600_000, new BigDecimal("0.833333")),
                  new Tombstone.Held(
                      List.of(new ChangedFile("/tmp/a", 3, Optional.of("ab"))), 2, true))));

  private static final CellChanges CHANGES =
      new CellChanges.Known(
          List.of(new ChangedFile("/tmp/a", 3, Optional.of("ab"))),
          List.of(),
          List.of(new ChangedFile("/tmp/b", 0, Optional.empty())),
          List.of(new ChangedFile("/tmp/c", 1, Optional.of("cd"))),
          7,
          Optional.of("a directory cannot be read"));

  @Test
  void containersComeBackEqual() {
    assertThat(ContainerJson.read(reread(ContainerJson.write(EXPIRED)))).isEqualTo(EXPIRED);
    ContainerSpec spec =
        new ContainerSpec(Optional.of("full"), List.of(FileId.next()), Map.of("a", "b"));
    assertThat(ContainerJson.readSpec(reread(ContainerJson.writeSpec(spec)))).isEqualTo(spec);
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void cellsComeBackEqual(CellOutcome outcome) {
    Cell cell =
        new Cell(
            CellId.next(),
            ContainerId.next(),
            Language.PYTHON,
            outcome,
            new CapturedOutput("out\n", 7),
            CapturedOutput.EMPTY,
            NOW,
            Duration.ofMillis(12),
            Duration.ofMillis(3),
            List.of(new OutputFile(FileId.next(), "a.csv", 5, "ab")));
    assertThat(CellJson.read(reread(CellJson.write(cell)))).isEqualTo(cell);
    for (CellChanges changes : List.of(CellChanges.PENDING, CHANGES)) {
      Cell changed = cell.withChanges(changes);
      assertThat(CellJson.read(reread(CellJson.write(changed)))).isEqualTo(changed);
    }
  }

  static Stream<CellOutcome> outcomes() {
    return Stream.of(
        new CellOutcome.Completed(3),
        new CellOutcome.TimedOut(Duration.ofSeconds(90), true),
        new CellOutcome.Killed("out_of_memory", true),
        new CellOutcome.Lost("server_restart"));
  }

  @Test
  void cellRequestsComeBackEqual() {
    CellRequestJson request =
        new CellRequestJson(
            CellSpec.python("x = 1")
                .withMode(InterpreterMode.FRESH)
                .withTimeout(Duration.ofMillis(1500))
                .withEnvironment(Map.of("A", "b")),
            true);
    assertThat(CellRequestJson.read(reread(request.write()))).isEqualTo(request);
    CellRequestJson bash = new CellRequestJson(CellSpec.bash("ls"), false);
    assertThat(CellRequestJson.read(reread(bash.write()))).isEqualTo(bash);
  }

  @Test
  void filesAndPagesComeBackEqual() {
    StoredFile file =
        new StoredFile(FileId.next(), "a.csv", "text/csv", 3, "ab", NOW, true, Optional.of(NOW));
    Page<StoredFile> page = new Page<>(List.of(file), Optional.of("page_x"));
    assertThat(PageJson.read(reread(PageJson.write(page, FileJson::write)), FileJson::read))
        .isEqualTo(page);
  }

  @ParameterizedTest
  @MethodSource("errors")
  void errorsComeBackAsTheirKind(CaissonException error, int status) {
    assertThat(ErrorJson.of(error).status()).isEqualTo(status);
    JsonNode envelope = reread(ErrorJson.write(error, "req_1"));
    assertThat(envelope.path("type").asString()).isEqualTo("error");
    assertThat(envelope.path("request_id").asString()).isEqualTo("req_1");
    CaissonException back = ErrorJson.read(status, envelope, Optional.of(Duration.ofSeconds(3)));
    assertThat(back).hasSameClassAs(error).hasMessage(error.getMessage());
  }

  static Stream<Object[]> errors() {
    return Stream.of(
        new Object[] {new CaissonException.InvalidRequest("m"), 400},
        new Object[] {new CaissonException.Unauthenticated("m"), 401},
        new Object[] {new CaissonException.PermissionDenied("m"), 403},
        new Object[] {CaissonException.NotFound.file("file_x"), 404},
        new Object[] {new CaissonException.Conflict("m"), 409},
        new Object[] {new CaissonException.ContainerExpired(EXPIRED), 410},
        new Object[] {new CaissonException.TooLarge("m"), 413},
        new Object[] {new CaissonException.RangeNotSatisfiable("m", 5), 416},
        new Object[] {new CaissonException.Busy("m", Duration.ofSeconds(3)), 429},
        new Object[] {new CaissonException.HostUnfit("m"), 500},
        new Object[] {new CaissonException.Internal("m"), 500},
        new Object[] {new CaissonException.Upstream(529, "m", true, Optional.empty()), 529});
  }

  @Test
  void writesTimesAsTheContractDoes() {
    assertThat(Timestamps.format(Instant.parse("2026-08-20T10:00:00Z")))
        .isEqualTo("2026-08-20T10:00:00.000000Z");
  }

  private static JsonNode reread(JsonNode json) {
    return Json.parse(Json.bytes(json), "test");
  }
}
