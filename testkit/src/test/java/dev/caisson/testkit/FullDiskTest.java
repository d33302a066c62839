package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The real {@code caisson serve} on a disk that is full to the last block, without a floor. */
@Tag("slow")
class FullDiskTest {
  private static final Map<String, String> NO_FLOOR =
      Map.of("CAISSON_DISK_FLOOR", "0B", "CAISSON_ORPHAN", "5s");

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path directory;
  private SmallDisk disk;

  @BeforeEach
  void mount() throws Exception {
    disk = SmallDisk.mount(directory.resolve("disk.img"), directory.resolve("data"), 96);
    RunningCaisson.makeImage(directory);
  }

  @AfterEach
  void unmount() throws Exception {
    if (disk != null) {
      disk.close();
    }
  }

  @Test
  void refusesWhatItCannotKeepAndLosesNothing() throws Exception {
    String key;
    String container;
    String other;
    String file;
    try (CaissonProcess server = CaissonProcess.serve(directory, NO_FLOOR)) {
      key = server.key();
      RawHttp http = new RawHttp(server.url(), key);
      container = http.container();
      http.cell(container, "python", "open('kept', 'w').write('kept'); x = 41");
      other = http.container();
      http.cell(other, "bash", "head -c 20000000 /dev/urandom > big");
      file = upload(http, "some content").json().path("id").asString();
      endsWhatRuns(http, container, disk::fill);
      readsButTakesNothingIn(http, container, file);
      server.kill();
    }
    try (CaissonProcess server = CaissonProcess.serveAgain(directory, key, NO_FLOOR)) {
      RawHttp http = new RawHttp(server.url(), key);
      readsButTakesNothingIn(http, container, file);
      assertThat(http.delete("/v1/containers/" + other).status()).isEqualTo(200);
      // Its 20 MB are not enough to make the reserve again.
      disk.clear();
      await().atMost(PATIENCE).until(() -> http.get("/readyz").status() == 200);
      goesOn(http, container);
      RawHttp.Answer chain = http.get("/v1/usage?container_id=" + container);
      assertThat(chain.json().path("data")).isNotEmpty();
    }
  }

  @Test
  void keepsAFloorFreeForWhatRuns() throws Exception {
    Map<String, String> settings = Map.of("CAISSON_DISK_FLOOR", "40MiB", "CAISSON_DISK", "5MiB");
    try (CaissonProcess server = CaissonProcess.serve(directory, settings)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      String container = http.container();
      String path = "/v1/containers/" + container + "/files/home/user/";
      assertThat(http.put(path + "a", new byte[3 << 20]).status()).isEqualTo(200);
      RawHttp.Answer tooMuch = http.put(path + "b", new byte[3 << 20]);
      assertThat(tooMuch.status()).isEqualTo(413);
      assertThat(tooMuch.error()).contains("disk limit").contains("5MiB");
      assertThat(http.get(path + "b").status()).isEqualTo(404);

      disk.fillBut(30);
      for (RawHttp.Answer refused : List.of(http.post("/v1/containers", "{}"), upload(http, "x"))) {
        assertThat(refused.status()).isEqualTo(529);
        assertThat(refused.error()).contains("under its floor of 40MiB");
      }
      assertThat(http.cell(container, "bash", "echo runs").path("stdout").asString())
          .isEqualTo("runs\n");
      assertThat(http.get("/metrics").text()).contains("caisson_disk_refused_total 2");
      assertThat(http.get("/readyz").status()).isEqualTo(200);
      endsWhatRuns(http, container, () -> disk.fillBut(6));
      assertThat(http.get("/readyz").status()).isEqualTo(503);
      disk.clear();
      assertThat(http.container()).startsWith("container_");
    }
  }

  /** Fills the disk while a cell runs. */
  private static void endsWhatRuns(RawHttp http, String container, Filling filling)
      throws Exception {
    CompletableFuture<JsonNode> running =
        CompletableFuture.supplyAsync(
            () -> http.cell(container, "bash", "echo begun; sleep 60; echo ended"));
    await()
        .atMost(PATIENCE)
        .until(() ->
            http.get("/v1/containers/" + container)
                .json()
                .path("status")
                .asString()
                .equals("warm"));
    filling.run();
    JsonNode ended = running.get(30, TimeUnit.SECONDS);
    assertThat(ended.path("status").asString()).isEqualTo("killed");
    assertThat(ended.path("reason").asString()).isEqualTo("disk_full");
    assertThat(ended.path("stdout").asString()).isEqualTo("begun\n");
    assertThat(ended.path("stderr").asString()).contains("the disk of the host");
  }

  private void readsButTakesNothingIn(RawHttp http, String container, String file) {
    String cells = "/v1/containers/" + container + "/cells";
    for (RawHttp.Answer refused :
        List.of(
            http.post("/v1/containers", "{}"),
            upload(http, "x".repeat(100_000)),
            http.put("/v1/containers/" + container + "/files/home/user/new", new byte[100_000]),
            http.post(cells, "{\"language\":\"bash\",\"code\":\"echo hi\"}"),
            http.message(
                """
                {"model":"caisson-direct","max_tokens":100,
                 "tools":[{"type":"code_execution_20250825","name":"code_execution"}],
                 "messages":[{"role":"user","content":"```bash\\necho hi\\n```"}]}
                """))) {
      assertThat(refused.status()).as(refused.text()).isEqualTo(529);
      assertThat(refused.json().at("/error/type").asString()).isEqualTo("overloaded_error");
      assertThat(refused.error()).contains("disk").doesNotContain(directory.toString());
      assertThat(refused.header("retry-after")).isEqualTo("30");
    }
    for (String path :
        List.of(
            "/v1/containers",
            "/v1/containers/" + container,
            cells,
            "/v1/files/" + file,
            "/v1/usage",
            "/metrics",
            "/healthz")) {
      assertThat(http.get(path).status()).as(path).isEqualTo(200);
    }
    assertThat(http.get("/readyz").status()).isEqualTo(503);
    assertThat(http.get("/v1/containers/" + container + "/files/home/user/kept").text())
        .isEqualTo("kept");
  }

  private interface Filling {
    void run() throws IOException;
  }

  private static RawHttp.Answer upload(RawHttp http, String content) {
    String body =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n"
            + "Content-Type: text/plain\r\n\r\n"
            + content
            + "\r\n--b--\r\n";
    return http.call(
        "POST",
        "/v1/files",
        body.getBytes(StandardCharsets.UTF_8),
        "content-type",
        "multipart/form-data; boundary=b");
  }

  private void goesOn(RawHttp http, String container) {
    JsonNode cell = http.cell(container, "python", "print(open('kept').read())");
    assertThat(cell.path("stdout").asString()).isEqualTo("kept\n");
    assertThat(upload(http, "more").status()).isEqualTo(200);
    assertThat(http.container()).startsWith("container_");
  }
}
