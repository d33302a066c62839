package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Kill -9 in the middle of a batch: each request has run once or has not, and is told so. */
class BatchKillTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int REQUESTS = 24;

  @Test
  @Tag("slow")
  void eachRequestRunsOnceThoughTheServerIsKilled(@TempDir Path directory) {
    String container;
    String batch;
    try (CaissonProcess first = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(first.url(), first.key());
      container = http.container();
      RawHttp.Answer made =
          http.post("/v1/messages/batches", requests(container), "anthropic-version", "2023-06-01");
      assertThat(made.status()).as(made.text()).isEqualTo(200);
      batch = made.json().path("id").asString();
      await()
          .atMost(PATIENCE)
          .until(() -> counts(http, batch).path("succeeded").asInt() >= REQUESTS / 4);
      first.kill();
    }
    try (CaissonProcess second = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(second.url(), second.key());
      await().atMost(PATIENCE).until(() -> counts(http, batch).path("processing").asInt() == 0);
      List<String> succeeded = new ArrayList<>();
      List<String> errored = new ArrayList<>();
      for (String line :
          http.get("/v1/messages/batches/" + batch + "/results").text().split("\n", -1)) {
        if (!line.isEmpty()) {
          JsonNode result = Json.parse(line, "line");
          boolean ok = result.at("/result/type").asString().equals("succeeded");
          (ok ? succeeded : errored).add(result.path("custom_id").asString());
          assertThat(ok || line.contains("server_restart")).as(line).isTrue();
        }
      }
      List<String> ran =
          http.cell(container, "bash", "cat /tmp/log").path("stdout").asString().lines().toList();
      assertThat(succeeded.size() + errored.size()).isEqualTo(REQUESTS);
      // The requests that ran when the server was killed, and no other, at most one per worker.
      assertThat(errored).hasSizeBetween(1, 4);
      assertThat(ran).doesNotHaveDuplicates().containsAll(succeeded);
    }
  }

  @Test
  @Tag("slow")
  void aServerThatIsStoppedTellsWhatItDidNotRun(@TempDir Path directory) {
    RunningCaisson.over(directory).start().close();
    String batch;
    try (CaissonProcess first = CaissonProcess.serve(directory)) {
      RawHttp http = new RawHttp(first.url(), first.key());
      String container = http.container();
      RawHttp.Answer made =
          http.post("/v1/messages/batches", requests(container), "anthropic-version", "2023-06-01");
      assertThat(made.status()).as(made.text()).isEqualTo(200);
      batch = made.json().path("id").asString();
      await().atMost(PATIENCE).until(() -> counts(http, batch).path("succeeded").asInt() >= 2);
    }
    try (CaissonProcess second = CaissonProcess.serve(directory)) {
      RawHttp http = new RawHttp(second.url(), second.key());
      await().atMost(PATIENCE).until(() -> counts(http, batch).path("processing").asInt() == 0);
      int stopped = 0;
      for (String line :
          http.get("/v1/messages/batches/" + batch + "/results").text().split("\n", -1)) {
        if (line.contains("server_restart")) {
          stopped++;
        } else if (!line.isEmpty()) {
          assertThat(line).contains("\"succeeded\"", "\"return_code\":0");
        }
      }
      assertThat(stopped).isBetween(1, 4);
    }
  }

  private static JsonNode counts(RawHttp http, String batch) {
    return http.get("/v1/messages/batches/" + batch).json().path("request_counts");
  }

  /** Each leaves its name in one file of one container. */
  private static String requests(String container) {
    ObjectNode body = Json.object();
    ArrayNode requests = body.putArray("requests");
    for (int i = 0; i < REQUESTS; i++) {
      ObjectNode request = requests.addObject().put("custom_id", "r" + i);
      ObjectNode params =
          request
              .putObject("params")
              .put("model", "caisson-direct")
              .put("max_tokens", 1)
              .put("container", container);
      params
          .putArray("tools")
          .addObject()
          .put("type", "code_execution_20250825")
          .put("name", "code_execution");
      params
          .putArray("messages")
          .addObject()
          .put("role", "user")
          .put("content", "```bash\necho r" + i + " >> /tmp/log; sleep 0.2\n```");
    }
    return Json.write(body);
  }
}
