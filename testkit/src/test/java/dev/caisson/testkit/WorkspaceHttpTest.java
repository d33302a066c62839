package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.FileJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Files of a workspace over HTTP. */
class WorkspaceHttpTest {
  @TempDir static Path directory;
  static RunningCaisson caisson;
  static RawHttp http;
  static String container;
  static String files;

  @BeforeAll
  static void start() {
    caisson =
        RunningCaisson.over(directory)
            .server(server ->
                server.withLimits(server.jsonLimit(), new dev.caisson.domain.ByteSize(1_000_000)))
            .start();
    http = RawHttp.of(caisson);
    container = http.container();
    files = "/v1/containers/" + container + "/files";
    http.put(files + "/tmp/digits", "0123456789".getBytes(StandardCharsets.UTF_8));
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  @Test
  void whatIsWrittenIsReadBackAndSeenByCells() {
    byte[] content = new byte[200_000];
    new java.util.Random(7).nextBytes(content);
    RawHttp.Answer written = http.put(files + "/home/user/deep/er/random.bin", content);
    assertThat(written.status()).isEqualTo(200);
    assertThat(FileJson.readReceipt(written.json()).sizeBytes()).isEqualTo(200_000);
    RawHttp.Answer read = http.get(files + "/home/user/deep/er/random.bin");
    assertThat(read.bytes()).isEqualTo(content);
    assertThat(read.header("content-disposition"))
        .isEqualTo("attachment; filename*=utf-8''random.bin");
    assertThat(read.header("content-type")).isEqualTo("application/octet-stream");
    assertThat(read.header("x-content-type-options")).isEqualTo("nosniff");
    assertThat(
            http.cell(container, "bash", "wc -c < ~/deep/er/random.bin").path("stdout").asString())
        .isEqualTo("200000\n");
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, bytes 0-0/10",
    "bytes=2-5, 2345, bytes 2-5/10",
    "bytes=7-, 789, bytes 7-9/10",
    "bytes=7-99, 789, bytes 7-9/10",
    "bytes=-3, 789, bytes 7-9/10",
    "bytes=-99, 0123456789, bytes 0-9/10"
  })
  void aRangeIsAPart(String range, String text, String contentRange) {
    RawHttp.Answer answer = http.get(files + "/tmp/digits", "range", range);
    assertThat(answer.status()).isEqualTo(206);
    assertThat(answer.text()).isEqualTo(text);
    assertThat(answer.header("content-range")).isEqualTo(contentRange);
    assertThat(answer.header("content-length")).isEqualTo("" + text.length());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=10-", "bytes=99-100", "bytes=-0"})
  void aRangePastTheEndIsRefused(String range) {
    RawHttp.Answer answer = http.get(files + "/tmp/digits", "range", range);
    assertThat(answer.status()).isEqualTo(416);
    assertThat(answer.header("content-range")).isEqualTo("bytes */10");
    assertThat(answer.json().path("type").asString()).isEqualTo("error");
  }

  @Test
  void otherRangesGetTheWholeFile() {
    RawHttp.Answer answer = http.get(files + "/tmp/digits", "range", "bytes=0-1,4-5");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text()).isEqualTo("0123456789");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=0-", "bytes=0-0", "bytes=-3"})
  void anEmptyFileHasNoParts(String range) {
    http.call("PUT", files + "/tmp/empty", new byte[0]);
    RawHttp.Answer answer = http.get(files + "/tmp/empty", "range", range);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-range")).isEmpty();
    assertThat(answer.bytes()).isEmpty();
  }

  @Test
  void headDescribesWithoutContent() {
    RawHttp.Answer answer = http.call("HEAD", files + "/tmp/digits", new byte[0]);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-length")).isEqualTo("10");
    assertThat(answer.bytes()).isEmpty();
  }

  @Test
  void aDirectoryIsListed() {
    http.cell(container, "bash", "mkdir -p /tmp/d/sub; echo hi > /tmp/d/f; ln -s f /tmp/d/l");
    JsonNode entries = http.get(files + "?path=/tmp/d").json().path("data");
    assertThat(
            entries
                .valueStream()
                .map(e -> e.path("path").asString() + " " + e.path("kind").asString()))
        .containsExactly("/tmp/d/f file", "/tmp/d/l link", "/tmp/d/sub directory");
    assertThat(http.get(files).error()).isEqualTo("path: Field required");
  }

  @Test
  void whatIsDeletedIsGone() {
    http.put(files + "/tmp/old", new byte[] {1});
    assertThat(http.delete(files + "/tmp/old").status()).isEqualTo(200);
    RawHttp.Answer gone = http.get(files + "/tmp/old");
    assertThat(gone.status()).isEqualTo(404);
    assertThat(gone.error()).contains("/tmp/old");
  }

  @Test
  void namesOutsideAsciiAndWithSpacesAreFine() {
    String path = files + "/tmp/%C3%BC%20b+%25%3F.txt";
    assertThat(http.put(path, new byte[] {'x'}).json().path("path").asString())
        .isEqualTo("/tmp/ü b+%?.txt");
    assertThat(http.get(path).text()).isEqualTo("x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/tmp/../etc/passwd",
        "/../../etc/passwd",
        "/tmp/%2e%2e/etc/passwd",
        "/tmp/a%2Fb",
        "/tmp/a%00b",
        "/tmp/a%0Ab",
        "/tmp/a%1Fb",
        "/tmp/a%7Fb",
        "/tmp/%FF%FE"
      })
  void pathsThatAreNoneAreRefused(String path) {
    for (String method : new String[] {"GET", "PUT", "DELETE"}) {
      RawHttp.Answer answer =
          http.call(method, files + path, method.equals("PUT") ? new byte[] {1} : new byte[0]);
      assertThat(answer.status()).as(method + " " + path).isEqualTo(400);
      assertThat(answer.json().at("/error/type").asString()).isEqualTo("invalid_request_error");
      assertThat(answer.json().path("request_id").asString()).startsWith("req_");
      assertThat(answer.header("request-id")).startsWith("req_");
    }
  }

  @Test
  void aDirectoryIsNoFile() {
    assertThat(http.get(files + "/tmp").status()).isEqualTo(400);
    assertThat(http.call("HEAD", files + "/tmp", new byte[0]).status()).isEqualTo(400);
  }

  @Test
  void aFileOverTheLimitIsRefused() {
    RawHttp.Answer answer = http.put(files + "/tmp/big", new byte[1_000_001]);
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.error()).contains("1000000");
    assertThat(http.get(files + "/tmp/big").status()).isEqualTo(404);
  }
}
