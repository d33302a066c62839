package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.store.testing.TemporaryPostgres;
import dev.caisson.store.testing.TestDatabases;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The real {@code caisson serve} with its metadata in PostgreSQL. */
@Tag("slow")
@Tag("postgres")
class PostgresServeTest {
  private static final int KILLS = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path directory;
  private Map<String, String> settings;

  @BeforeEach
  void needServer() {
    assumeTrue(TemporaryPostgres.programs().isPresent(), TestDatabases.NEED);
    settings =
        Map.of("CAISSON_DATABASE_URL", TestDatabases.postgres(directory), "CAISSON_ORPHAN", "5s");
  }

  @Test
  void losesNothingThatAClientHadBeenToldWhenItIsKilled() {
    KillTrial.Report report =
        KillTrial.run(directory, settings, System.nanoTime(), KILLS, done -> {});

    assertThat(report.broken()).isEmpty();
    // That it was a trial at all; what else comes up in so few kills is chance.
    assertThat(report.answered()).containsKeys(LoadWorker.Operation.CREATE);
    assertThat(report.facts()).isGreaterThan(KILLS);
    assertThat(directory.resolve("data/caisson.db")).doesNotExist();
  }

  @Test
  void saysThatTheDatabaseIsAwayAndGoesOnWhenItIsBack() {
    RunningCaisson.makeImage(directory);
    TemporaryPostgres database = TestDatabases.server();
    try (CaissonProcess server = CaissonProcess.serve(directory, settings)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      String container = http.container();
      JsonNode told = http.cell(container, "python", "x = 41; print(x)");
      database.crash();
      try {
        for (RawHttp.Answer answer :
            new RawHttp.Answer[] {
              http.post("/v1/containers", "{}"), http.get("/v1/containers/" + container)
            }) {
          assertThat(answer.status()).isEqualTo(529);
          assertThat(answer.json().at("/error/type").asString()).isEqualTo("overloaded_error");
          assertThat(answer.error())
              .contains("cannot be reached")
              .doesNotContain(TemporaryPostgres.PASSWORD);
        }
      } finally {
        database.restart();
      }
      await().atMost(PATIENCE).until(() -> http.get("/v1/containers/" + container).status() == 200);
      assertThat(http.cell(container, "python", "print(x + 1)").path("stdout").asString())
          .isEqualTo("42\n");
      assertThat(
              http.get("/v1/containers/" + container + "/cells/" + told.path("id").asString())
                  .json()
                  .path("stdout"))
          .isEqualTo(told.path("stdout"));
    }
  }

  /** A process that is stopped for longer than its lease, beside another one that minds it. */
  @Test
  void endsWhenAnotherProcessTookItForDead() throws Exception {
    RunningCaisson.makeImage(directory);
    String url = TestDatabases.postgres(directory);
    String container;
    try (CaissonProcess server = CaissonProcess.serve(directory, settings)) {
      container = new RawHttp(server.url(), server.key()).container();
      // What that other process does once the lease has run out.
      TestDatabases.server()
          .execute(url.substring(url.lastIndexOf('/') + 1), "DELETE FROM owner_leases");
      assertThat(ProcessHandle.of(server.pid()).orElseThrow().onExit().get(30, TimeUnit.SECONDS))
          .isNotNull();
    }
    try (CaissonProcess server = CaissonProcess.serve(directory, settings)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      assertThat(http.get("/v1/containers/" + container).status()).isEqualTo(200);
    }
  }
}
