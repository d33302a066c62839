package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ByteSize;
import dev.caisson.wire.CellJson;
import dev.caisson.wire.ContainerJson;
import dev.caisson.wire.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Containers, cells and their history over HTTP. */
class DirectApiTest {
  @TempDir static Path directory;
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    caisson =
        RunningCaisson.over(directory)
            .engine(engine ->
                engine.withLimits(
                    engine
                        .limits()
                        .withCellLimit(Duration.ofMillis(1500))
                        .withOutputPerStream(new ByteSize(10_000))))
            .server(server -> server.withPing(Duration.ofMillis(200)))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  @Test
  void aContainerIsMadeReadListedAndDeleted() {
    RawHttp.Answer made = http.post("/v1/containers", "{\"labels\":{\"team\":\"red\"}}");
    assertThat(made.status()).isEqualTo(200);
    assertThat(made.header("request-id")).startsWith("req_");
    assertThat(made.header("content-type")).isEqualTo("application/json");
    String id = made.json().path("id").asString();
    assertThat(ContainerJson.read(made.json()).labels()).containsEntry("team", "red");
    assertThat(made.json().path("type").asString()).isEqualTo("container");
    assertThat(made.json().path("created_at").asString())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");

    assertThat(http.get("/v1/containers/" + id).json().path("id").asString()).isEqualTo(id);
    JsonNode first = http.get("/v1/containers?limit=1").json();
    assertThat(first.path("data").size()).isEqualTo(1);

    RawHttp.Answer deleted = http.delete("/v1/containers/" + id);
    assertThat(deleted.json())
        .isEqualTo(Json.object().put("id", id).put("type", "container_deleted"));
    RawHttp.Answer gone = http.get("/v1/containers/" + id);
    assertThat(gone.json().path("status").asString()).isEqualTo("deleted");
    assertThat(gone.json().at("/ended/reason").asString()).isEqualTo("deleted");
    RawHttp.Answer used = http.delete("/v1/containers/" + id);
    assertThat(used.status()).isEqualTo(404);
    assertThat(used.error()).contains(id + "` was deleted at 20");
  }

  @Test
  void aListIsPagedNewestFirst() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      made.addFirst(http.container());
    }
    List<String> listed = new ArrayList<>();
    String page = "";
    for (int i = 0; i < 3 && listed.size() < 5; i++) {
      JsonNode answer = http.get("/v1/containers?limit=2" + page).json();
      answer.path("data").forEach(item -> listed.add(item.path("id").asString()));
      page = "&page=" + answer.path("next_page").asString();
    }
    assertThat(listed.subList(0, 5)).isEqualTo(made);
  }

  @Test
  void pythonKeepsItsVariablesAndBashItsFiles() {
    String id = http.container();
    http.cell(id, "python", "x = 20; open('/tmp/n', 'w').write('22')");
    JsonNode cell = http.cell(id, "python", "print(x + int(open('/tmp/n').read()))");
    assertThat(cell.path("stdout").asString()).isEqualTo("42\n");
    assertThat(cell.path("status").asString()).isEqualTo("completed");
    assertThat(cell.path("return_code").asInt()).isZero();
    assertThat(http.cell(id, "bash", "cat /tmp/n; exit 7").path("return_code").asInt())
        .isEqualTo(7);
    JsonNode fresh =
        http.post(
                "/v1/containers/" + id + "/cells",
                "{\"language\":\"python\",\"code\":\"print(x)\",\"fresh\":true}")
            .json();
    assertThat(fresh.path("stderr").asString()).contains("NameError");
  }

  @Test
  void environmentAndTimeoutAreTheCellsOwn() {
    String id = http.container();
    JsonNode cell =
        http.post(
                "/v1/containers/" + id + "/cells",
                "{\"language\":\"bash\",\"code\":\"echo $A; sleep 30\",\"env\":{\"A\":\"b\"},"
                    + "\"timeout_seconds\":0.4}")
            .json();
    assertThat(cell.path("stdout").asString()).isEqualTo("b\n");
    assertThat(cell.path("status").asString()).isEqualTo("timed_out");
    assertThat(cell.path("return_code").asInt()).isEqualTo(124);
    assertThat(cell.path("stderr").asString()).contains("detection_timeout");
    assertThat(cell.path("limit_ms").asLong()).isEqualTo(400);
    RawHttp.Answer tooLong =
        http.post(
            "/v1/containers/" + id + "/cells",
            "{\"language\":\"bash\",\"code\":\"true\",\"timeout_seconds\":5}");
    assertThat(tooLong.status()).isEqualTo(400);
    assertThat(tooLong.error()).contains("timeout");
  }

  @Test
  void theHistoryShowsWhatRan() {
    String id = http.container();
    JsonNode first = http.cell(id, "bash", "echo one");
    JsonNode second = http.cell(id, "bash", "echo two");
    JsonNode history = http.get("/v1/containers/" + id + "/cells").json().path("data");
    assertThat(history.valueStream().map(cell -> cell.path("id").asString()))
        .containsExactly(second.path("id").asString(), first.path("id").asString());
    JsonNode read =
        http.get("/v1/containers/" + id + "/cells/" + first.path("id").asString()).json();
    assertThat(CellJson.read(read)).isEqualTo(CellJson.read(first));
  }

  @Test
  void whatIsDroppedOfAnOutputIsCounted() {
    JsonNode cell = http.cell(http.container(), "bash", "head -c 100000 /dev/zero | tr '\\0' x");
    assertThat(cell.at("/truncated/stdout").asLong()).isBetween(80_000L, 95_000L);
    assertThat(cell.at("/truncated/stderr").asLong()).isZero();
  }

  @Test
  void outputsOfACellAreFiles() {
    JsonNode cell =
        http.cell(http.container(), "bash", "printf abc > \"$OUTPUT_DIR/a.txt\"").path("outputs");
    assertThat(cell.size()).isEqualTo(1);
    assertThat(cell.at("/0/filename").asString()).isEqualTo("a.txt");
    assertThat(cell.at("/0/size_bytes").asLong()).isEqualTo(3);
    RawHttp.Answer content = http.get("/v1/files/" + cell.at("/0/file_id").asString() + "/content");
    assertThat(content.text()).isEqualTo("abc");
    assertThat(content.header("content-disposition"))
        .isEqualTo("attachment; filename*=utf-8''a.txt");
    assertThat(content.header("x-content-type-options")).isEqualTo("nosniff");
  }

  @Test
  void aStreamedCellSendsItsOutputAsItComes() throws IOException, InterruptedException {
    String id = http.container();
    http.cell(id, "bash", "true");
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<java.io.InputStream> response =
          client.send(
              stream(
                  id,
                  "echo first; read -t 20 x < <(while [ ! -e /tmp/go ]; do sleep 0.02; done; echo); echo e >&2; echo last"),
              HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.headers().firstValue("content-type"))
          .contains("text/event-stream; charset=utf-8");
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
        List<String> events = new ArrayList<>();
        // The cell goes on only when its first output was seen here: nothing is held back.
        readUntil(lines, events, "stdout {\"text\":\"first\\n\"}");
        readUntil(lines, events, "ping {\"type\":\"ping\"}");
        assertThat(http.put("/v1/containers/" + id + "/files/tmp/go", new byte[] {1}).status())
            .isEqualTo(200);
        readUntil(lines, events, "result ");
        assertThat(events).contains("stderr {\"text\":\"e\\n\"}", "stdout {\"text\":\"last\\n\"}");
        JsonNode cell =
            Json.parse(events.getLast().substring("result ".length()), "event").path("cell");
        assertThat(cell.path("stdout").asString()).isEqualTo("first\nlast\n");
        assertThat(cell.path("status").asString()).isEqualTo("completed");
      }
    }
  }

  @Test
  void aStreamThatCannotBeginIsAnOrdinaryError() {
    RawHttp.Answer answer =
        http.post(
            "/v1/containers/container_unknown/cells",
            "{\"language\":\"bash\",\"code\":\"true\",\"stream\":true}");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.error()).isEqualTo("Container `container_unknown` not found.");
  }

  @Test
  void imagesAreShown() {
    JsonNode image = http.get("/v1/images/default").json();
    assertThat(image.path("name").asString()).isEqualTo("default");
    assertThat(image.path("type").asString()).isEqualTo("image");
    assertThat(image.path("digest").asString()).isNotBlank();
    assertThat(http.get("/v1/images/nonesuch").status()).isEqualTo(404);
  }

  @Test
  void healthNeedsNoKey() {
    RawHttp nobody = new RawHttp(caisson.url(), "no key");
    assertThat(nobody.get("/healthz").status()).isEqualTo(200);
    RawHttp.Answer ready = nobody.get("/readyz");
    assertThat(ready.status()).isEqualTo(200);
    assertThat(ready.json().path("status").asString()).isEqualTo("ready");
  }

  private static HttpRequest stream(String container, String code) {
    return HttpRequest.newBuilder(
            URI.create(caisson.url() + "/v1/containers/" + container + "/cells"))
        .header("x-api-key", caisson.key())
        .POST(
            HttpRequest.BodyPublishers.ofByteArray(
                Json.bytes(
                    Json.object().put("language", "bash").put("code", code).put("stream", true))))
        .build();
  }

  /** Reads events as {@code name data} up to one that begins so. */
  private static void readUntil(BufferedReader lines, List<String> events, String start)
      throws IOException {
    String name = "";
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("event: ")) {
        name = line.substring("event: ".length());
      } else if (line.startsWith("data: ")) {
        events.add(name + " " + line.substring("data: ".length()));
        if (events.getLast().startsWith(start)) {
          return;
        }
      }
    }
    throw new AssertionError("no event " + start + " in " + events);
  }
}
