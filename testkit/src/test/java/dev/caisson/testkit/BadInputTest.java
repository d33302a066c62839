package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ByteSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client can do wrong, and that it is told so. */
class BadInputTest {
  @TempDir static Path directory;
  static RunningCaisson caisson;
  static RawHttp http;
  static String container;

  @BeforeAll
  static void start() {
    caisson =
        RunningCaisson.over(directory)
            .server(server ->
                server
                    .withLimits(new ByteSize(100_000), new ByteSize(1_000_000))
                    .withIdle(Duration.ofSeconds(1)))
            .start();
    http = RawHttp.of(caisson);
    container = http.container();
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "|request body: empty; a JSON value is required",
        "[]|request body: Input should be an object",
        "{}|language: Field required",
        "{\"language\":\"ruby\",\"code\":\"1\"}|language: Input should be 'python' or 'bash'",
        "{\"language\":\"bash\"}|code: Field required",
        "{\"language\":\"bash\",\"code\":7}|code: Input should be a valid string",
        "{\"language\":\"bash\",\"code\":\"a\\udc80\"}|code: not valid Unicode: unpaired surrogate at character 1",
        "{\"language\":\"bash\",\"code\":\"1\",\"x\":1}|x: Extra inputs are not permitted",
        "{\"language\":\"bash\",\"code\":\"1\",\"env\":{\"A\":1}}|env.A: Input should be a valid string",
        "{\"language\":\"bash\",\"code\":\"1\",\"stream\":\"yes\"}|stream: Input should be a valid boolean",
        "{\"language\":\"bash\",\"code\":\"1\",\"timeout_seconds\":-1}|timeout_seconds: Input should be a number greater than 0 and at most 86400",
        "{\"language\":\"bash\",\"code\":\"1\",\"timeout_seconds\":1e999}|timeout_seconds: Input should be a number greater than 0 and at most 86400"
      })
  void aCellThatIsNoneIsRefusedByPath(String body, String message) {
    RawHttp.Answer answer =
        http.post("/v1/containers/" + container + "/cells", body == null ? "" : body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error()).isEqualTo(message);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("invalid_request_error");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"language\":\"bash\",\"code\":\"a\\u0000b\"}",
        "{\"language\":\"bash\",\"code\":\"true\",\"env\":{\"A=B\":\"x\"}}",
        "{\"language\":\"bash\",\"code\":\"true\",\"env\":{\"\":\"x\"}}",
        "{\"language\":\"bash\",\"code\":\"true\",\"env\":{\"A\":\"x\\u0000\"}}",
        "{\"language\":\"bash\",\"code\":\"true\",\"timeout_seconds\":3600}"
      })
  void aCellThatCouldNotRunIsRefused(String body) {
    RawHttp.Answer answer = http.post("/v1/containers/" + container + "/cells", body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
  }

  @Test
  void bytesThatAreNotUtf8AreRefused() {
    byte[] body =
        "{\"language\":\"bash\",\"code\":\"echo \u00fc\"}".getBytes(StandardCharsets.ISO_8859_1);
    RawHttp.Answer answer = http.call("POST", "/v1/containers/" + container + "/cells", body);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).isEqualTo("request body: not valid UTF-8");
  }

  @Test
  void unknownContainersAreNotFoundOnEveryRoute() {
    for (String id : List.of("container_unknown", "nonsense", "file_abc", "container_")) {
      String path = "/v1/containers/" + id;
      for (RawHttp.Answer answer :
          List.of(
              http.get(path),
              http.delete(path),
              http.post(path + "/cells", "{\"language\":\"bash\",\"code\":\"true\"}"),
              http.get(path + "/cells"),
              http.get(path + "/cells/cell_x"),
              http.get(path + "/files?path=/tmp"),
              http.get(path + "/files/tmp/x"),
              http.put(path + "/files/tmp/x", new byte[] {1}),
              http.delete(path + "/files/tmp/x"))) {
        assertThat(answer.status()).as(id + ": " + answer.text()).isEqualTo(404);
        assertThat(answer.json().at("/error/type").asString()).isEqualTo("not_found_error");
      }
    }
    assertThat(http.get("/v1/containers/" + container + "/cells/cell_unknown").status())
        .isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"image\":\"nonesuch\"}|400",
        "{\"image\":7}|400",
        "{\"files\":\"file_x\"}|400",
        "{\"files\":[\"file_x\"]}|404",
        "{\"files\":[\"nonsense\"]}|404",
        "{\"labels\":{\"a\":1}}|400",
        "{\"labels\":[]}|400",
        "{\"name\":\"x\"}|400",
        "{\"image\":\"../../etc\"}|400"
      })
  void aContainerThatCannotBeIsRefused(String body, int status) {
    RawHttp.Answer answer = http.post("/v1/containers", body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=99999999999",
        "page=nonsense",
        "page=page_",
        "page=page_AAAA"
      })
  void aPageThatIsNoneIsRefused(String query) {
    for (String path :
        List.of("/v1/containers", "/v1/files", "/v1/containers/" + container + "/cells")) {
      RawHttp.Answer answer = http.get(path + "?" + query);
      assertThat(answer.status()).as(path + "?" + query).isEqualTo(400);
      assertThat(answer.json().path("type").asString()).isEqualTo("error");
    }
  }

  @Test
  void aKeyIsNeededAndNotGuessed() {
    RawHttp.Answer none = http.get("/v1/containers", "x-api-key", "");
    assertThat(none.status()).isEqualTo(401);
    assertThat(none.json().at("/error/type").asString()).isEqualTo("authentication_error");
    assertThat(http.get("/v1/containers", "x-api-key", "sk-wrong").status()).isEqualTo(401);
    RawHttp.Answer bearer =
        http.get("/v1/containers", "x-api-key", "", "authorization", "bearer " + caisson.key());
    assertThat(bearer.status()).isEqualTo(200);
    assertThat(
            http.get("/v1/containers", "x-api-key", "", "authorization", "Basic " + caisson.key())
                .status())
        .isEqualTo(401);
    assertThat(http.get("/v1/nonsense", "x-api-key", "").status()).isEqualTo(401);
  }

  @Test
  void routesAndMethodsThatAreNotThereAreSaidInTheEnvelope() {
    RawHttp.Answer unknown = http.get("/v1/nonsense");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.error()).isEqualTo("No such route: GET /v1/nonsense");
    assertThat(unknown.json().path("request_id").asString())
        .isEqualTo(unknown.header("request-id"));
    RawHttp.Answer method = http.delete("/v1/messages");
    assertThat(method.status()).isEqualTo(405);
    assertThat(method.json().path("type").asString()).isEqualTo("error");
  }

  @Test
  void messagesNeedTheirHeaders() {
    RawHttp.Answer noVersion = http.post("/v1/messages", "{}");
    assertThat(noVersion.status()).isEqualTo(400);
    assertThat(noVersion.error()).isEqualTo("anthropic-version: header is required");
    RawHttp.Answer beta =
        http.post(
            "/v1/messages", "{}", "anthropic-version", "2023-06-01", "anthropic-beta", "made-up");
    assertThat(beta.status()).isEqualTo(400);
    assertThat(beta.error()).contains("`made-up`", "anthropic-beta");
    assertThat(http.get("/v1/files", "anthropic-beta", "made-up").status()).isEqualTo(400);
  }

  @Test
  void aBodyOverTheLimitIsRefused() {
    RawHttp.Answer answer = http.message("{\"model\":\"" + "m".repeat(100_000) + "\"}");
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("request_too_large");
    assertThat(answer.error()).contains("100000 bytes");
  }

  @Test
  void deepNestingIsRefused() {
    RawHttp.Answer answer = http.message("[".repeat(50_000));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("over a limit");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        "GET /v1/%zz HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"
      })
  void whatIsNoRequestIsAnsweredByTheEnvelope(String request) throws IOException {
    String reply = raw(request);
    assertThat(reply).as(request).matches("(?s)HTTP/1\\.[01] (4\\d\\d|505) .*");
    assertThat(reply).containsIgnoringCase("request-id: req_");
    assertThat(reply).contains("{\"type\":\"error\",\"error\":{\"type\":");
    assertThat(reply).doesNotContain("Exception", "\tat ", "Jetty");
  }

  @Test
  void aCellMayBeSilentForLongerThanAConnectionMayBeIdle() {
    assertThat(http.cell(container, "bash", "sleep 2.2; echo done").path("stdout").asString())
        .isEqualTo("done\n");
    RawHttp.Answer streamed =
        http.post(
            "/v1/containers/" + container + "/cells",
            "{\"language\":\"bash\",\"code\":\"sleep 2.2; echo done\",\"stream\":true}");
    assertThat(streamed.text()).contains("event: result", "\"stdout\":\"done\\n\"");
  }

  @Test
  void aBodyThatNeverComesIsGivenUp() throws IOException {
    String reply =
        raw(
            "POST /v1/containers HTTP/1.1\r\nhost: x\r\nx-api-key: "
                + caisson.key()
                + "\r\ncontent-length: 100\r\n\r\n{\"labels\":");
    assertThat(reply).matches("(?s)HTTP/1\\.1 4\\d\\d .*");
    assertThat(reply).contains("request body: could not be read to its end");
  }

  @Test
  void aChunkThatIsNoneIsTheClientsFailure() throws IOException {
    String reply =
        raw(
            "PUT /v1/containers/"
                + container
                + "/files/tmp/chunked HTTP/1.1\r\nhost: x\r\nx-api-key: "
                + caisson.key()
                + "\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n");
    assertThat(reply).matches("(?s)HTTP/1\\.1 4\\d\\d .*");
    assertThat(http.get("/v1/containers/" + container + "/files/tmp/chunked").status())
        .isEqualTo(404);
  }

  /** Sends bytes as they are and reads until the server closes or falls silent. */
  @Test
  void aClientThatStillSendsHearsWhyItWasRefused() throws IOException {
    byte[] rest = new byte[3_000_000];
    for (String key : List.of("wrong", caisson.key())) {
      try (Socket socket = new Socket(caisson.url().getHost(), caisson.url().getPort())) {
        socket.setSoTimeout(20_000);
        OutputStream out = socket.getOutputStream();
        String head =
            "POST /v1/skills HTTP/1.1\r\nhost: x\r\nx-api-key: "
                + key
                + "\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 4000000"
                + "\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"files[]\";"
                + " filename=\"SKILL.md\"\r\n\r\n";
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        // The refusal is there before the body; all the same the body can be sent.
        InputStream in = socket.getInputStream();
        String reply = new String(in.readNBytes(12), StandardCharsets.US_ASCII);
        assertThat(reply).isEqualTo("HTTP/1.1 " + (key.equals("wrong") ? "401" : "400"));
        for (int i = 0; i < rest.length; i += 10_000) {
          out.write(rest, i, 10_000);
        }
        socket.shutdownOutput();
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).contains("request_id");
      }
    }
  }

  private static String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), caisson.url().getPort())) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      StringBuilder reply = new StringBuilder();
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[8192];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        reply.append(new String(buffer, 0, count, StandardCharsets.UTF_8));
      }
      return reply.toString();
    }
  }
}
