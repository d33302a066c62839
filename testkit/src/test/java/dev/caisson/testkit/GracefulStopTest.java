package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** SIGTERM of the real {@code caisson serve} while cells run. */
@Tag("slow")
class GracefulStopTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir static Path directory;

  @BeforeAll
  static void makeTheImage() {
    RunningCaisson.over(directory).start().close();
  }

  @Test
  void givesRunningCellsTheirTimeAndBeginsNothingNew() throws Exception {
    String container;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        CaissonProcess server = CaissonProcess.serve(directory)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      container = http.container();
      Future<JsonNode> cell = begin(threads, http, container, "sleep 3; echo done");

      server.stop();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> {
            RawHttp.Answer refused = http.post("/v1/containers", "{}");
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("retry-after")).isEqualTo("1");
            assertThat(refused.error()).contains("shutting down");
          });
      assertThat(cell.isDone()).isFalse();
      assertThat(cell.get().path("status").asString()).isEqualTo("completed");
      assertThat(cell.get().path("stdout").asString()).isEqualTo("done\n");
    }
    try (CaissonProcess server = CaissonProcess.serve(directory)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      JsonNode shown = http.get("/v1/containers/" + container).json();
      assertThat(shown.path("status").asString()).isEqualTo("released");
      assertThat(shown.at("/released/reason").asString()).isEqualTo("shutdown");
    }
  }

  @Test
  void endsWhatHasRunLongEnoughAndKeepsWhatItPrinted() throws Exception {
    String container;
    JsonNode told;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        CaissonProcess server =
            CaissonProcess.serve(directory, Map.of("CAISSON_STOP_GRACE", "200ms"))) {
      RawHttp http = new RawHttp(server.url(), server.key());
      container = http.container();
      Future<JsonNode> cell = begin(threads, http, container, "echo part; sleep 60");
      server.stop();
      told = cell.get();
      assertThat(told.path("status").asString()).isEqualTo("killed");
      assertThat(told.path("reason").asString()).isEqualTo("server_stopped");
      assertThat(told.path("stdout").asString()).isEqualTo("part\n");
    }
    try (CaissonProcess server = CaissonProcess.serve(directory)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      assertThat(
              http.get("/v1/containers/" + container + "/cells/" + told.path("id").asString())
                  .json())
          .isEqualTo(told);
    }
  }

  @Test
  void aSecondSignalEndsTheWait() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        CaissonProcess server =
            CaissonProcess.serve(directory, Map.of("CAISSON_STOP_GRACE", "10m"))) {
      RawHttp http = new RawHttp(server.url(), server.key());
      Future<JsonNode> cell = begin(threads, http, http.container(), "echo part; sleep 60");
      server.stop();
      await().atMost(PATIENCE).until(() -> http.post("/v1/containers", "{}").status() == 429);
      assertThat(cell.isDone()).isFalse();
      server.stop();
      assertThat(cell.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).path("reason").asString())
          .isEqualTo("server_stopped");
    }
  }

  /** Returns once the code runs. */
  private static Future<JsonNode> begin(
      ExecutorService threads, RawHttp http, String container, String code) {
    Future<JsonNode> cell =
        threads.submit(() -> http.cell(container, "bash", "touch /tmp/begun; " + code));
    await()
        .atMost(PATIENCE)
        .until(() -> http.get("/v1/containers/" + container + "/files/tmp/begun").status() == 200);
    return cell;
  }
}
