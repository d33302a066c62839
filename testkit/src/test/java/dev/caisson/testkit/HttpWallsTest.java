package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ByteSize;
import dev.caisson.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What an enemy may write to the socket, byte by byte, and that nothing comes of it. */
class HttpWallsTest {
  /** Stands behind a request: a server that reads it as a request of its own was smuggled to. */
  private static final String SECOND = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

  private static final Pattern REPLY = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");

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
                    .withPatience(Duration.ofMillis(700))
                    .withIdle(Duration.ofSeconds(4)))
            .start();
    http = RawHttp.of(caisson);
    container = http.container();
    http.put("/v1/containers/" + container + "/files/tmp/kept", new byte[] {1});
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n",
        "content-length: 2\r\ncontent-length: 40\r\n\r\n{}",
        "content-length: 2, 40\r\n\r\n{}",
        "content-length: +2\r\n\r\n{}",
        "content-length: -2\r\n\r\n{}",
        "content-length: 0x2\r\n\r\n{}",
        "content-length: 99999999999999999999\r\n\r\n{}",
        "content-length : 2\r\n\r\n{}",
        "transfer-encoding: xchunked\r\n\r\n{}",
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "transfer-encoding:\u000bchunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
        "x-a: 1\r\n content-length: 2\r\n\r\n{}",
        "x-a: b\u0000c\r\ncontent-length: 2\r\n\r\n{}",
        "x-a: b\rtransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n{}",
        "x a: b\r\ncontent-length: 2\r\n\r\n{}",
        ": b\r\ncontent-length: 2\r\n\r\n{}",
        "host: y\r\ncontent-length: 2\r\n\r\n{}",
      })
  void aRequestThatTwoReadersWouldEndDifferentlyIsRefusedAndTheConnectionClosed(String rest) {
    String reply = raw("POST /v1/containers HTTP/1.1\r\n" + head() + rest + SECOND);
    assertThat(statuses(reply)).as(reply).hasSize(1);
    assertThat(statuses(reply).getFirst()).as(reply).matches("400|501");
    safe(reply);
  }

  @Test
  void aBareLineFeedIsNoSecondReading() {
    String reply = raw("GET /healthz HTTP/1.1\nhost: x\nconnection: close\n\n");
    assertThat(statuses(reply)).as(reply).hasSize(1);
    safe(reply);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zz\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}XX0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n"
      })
  void chunksThatAreNoneAreTheClientsFailure(String chunks) {
    String reply =
        raw(
            "POST /v1/containers HTTP/1.1\r\n"
                + head()
                + "transfer-encoding: chunked\r\n\r\n"
                + chunks
                + SECOND);
    assertThat(statuses(reply)).as(reply).hasSize(1);
    assertThat(statuses(reply).getFirst()).isEqualTo("400");
    safe(reply);
  }

  @Test
  void headersAreLimitedInSizeAndSoInNumber() {
    for (String headers : List.of("x-a: " + "a".repeat(9_000) + "\r\n", "a: b\r\n".repeat(2_000))) {
      String reply = raw("GET /healthz HTTP/1.1\r\nhost: x\r\n" + headers + "\r\n");
      assertThat(statuses(reply)).isEqualTo(List.of("431"));
      safe(reply);
    }
    String line = raw("GET /" + "a".repeat(9_000) + " HTTP/1.1\r\nhost: x\r\n\r\n");
    assertThat(statuses(line)).isEqualTo(List.of("414"));
    safe(line);
  }

  @Test
  void aHeadThatComesByteByByteIsGivenUp() throws Exception {
    assertThat(dribble("GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ", "a")).isEmpty();
    try (Socket socket = connect()) {
      // The second request on a connection has no more time than the first.
      write(socket, SECOND);
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      write(socket, "GET ");
      assertThat(dribble(socket, "a")).contains("200 OK").doesNotContain("408");
    }
  }

  @Test
  void aBodyThatComesByteByByteIsGivenUp() throws Exception {
    String reply =
        dribble(
            "POST /v1/containers HTTP/1.1\r\n"
                + head()
                + "content-length: 90000\r\n\r\n{\"labels\":",
            " ");
    assertThat(statuses(reply)).isEqualTo(List.of("400"));
    assertThat(reply).contains("request body: came with less than 1000 bytes a second");
    String file =
        dribble(
            "PUT /v1/containers/"
                + container
                + "/files/tmp/slow HTTP/1.1\r\n"
                + head()
                + "content-length: 90000\r\n\r\n",
            "a");
    assertThat(statuses(file)).isEqualTo(List.of("400"));
    assertThat(http.get("/v1/containers/" + container + "/files/tmp/slow").status()).isEqualTo(404);
  }

  @Test
  void slowClientsAreNoneWhoWaitForTheirCell() {
    assertThat(http.cell(container, "bash", "sleep 1.5; echo done").path("stdout").asString())
        .isEqualTo("done\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "..%2f..%2fetc/passwd",
        "tmp/..%2f..%2fetc/passwd",
        "tmp/%2e%2e/%2e%2e/etc/passwd",
        "..;/etc/passwd",
        "tmp%00/kept",
        "tmp/kept%00.txt",
        "tmp/%c0%af",
        "tmp/%c0%ae%c0%ae/etc",
        "tmp/%e0%80%af",
        "tmp/%ff",
        "tmp/%ed%a0%80",
        "tmp/%zz",
        "tmp/%u002e",
        "tmp/a%5c..%5cb",
        "tmp/a%0d%0ab",
        "tmp//../../etc/passwd",
      })
  void aPathThatCouldLeadOutLeadsNowhere(String path) {
    for (String method : List.of("GET", "HEAD", "DELETE")) {
      String reply =
          raw(
              method
                  + " /v1/containers/"
                  + container
                  + "/files/"
                  + path
                  + " HTTP/1.1\r\n"
                  + head()
                  + "connection: close\r\n\r\n");
      assertThat(statuses(reply)).as(method + reply).hasSize(1);
      assertThat(statuses(reply).getFirst()).as(method + " " + reply).matches("40[045]");
      assertThat(reply).doesNotContain("root:x:");
      if (!method.equals("HEAD")) {
        safe(reply);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/V1/containers",
        "//v1/containers",
        "/v1//containers",
        "/v1;a=b/containers",
        "/%761/containers",
        "/./v1/containers",
        "/healthz/../v1/containers",
        "/healthz/..;/v1/containers",
        "/v1/containers/",
        "/v1/containers;x",
        "/v1/containers?x-api-key=a",
        "http://127.0.0.1/v1/containers",
        "http://evil.example/v1/containers",
        "http://127.0.0.1/healthz/../v1/containers",
        "*",
        "v1/containers",
        "/v1\\containers"
      })
  void noSpellingOfAPathGoesRoundTheKey(String target) {
    String reply = raw("GET " + target + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assertThat(statuses(reply)).hasSize(1);
    assertThat(statuses(reply).getFirst()).as(reply).matches("40[0145]");
    safe(reply);
  }

  @Test
  void methodsThatARouteDoesNotHaveAreRefusedInTheEnvelope() {
    for (String method : List.of("TRACE", "OPTIONS", "CONNECT", "PATCH", "PROPFIND", "PUT")) {
      for (String target : List.of("/v1/containers", "/healthz")) {
        String reply =
            raw(
                method
                    + " "
                    + (method.equals("CONNECT") ? "x:80" : target)
                    + " HTTP/1.1\r\n"
                    + head()
                    + "x-echo: echoed\r\nconnection: close\r\n\r\n");
        assertThat(statuses(reply)).hasSize(1);
        assertThat(statuses(reply).getFirst()).as(reply).matches("40[045]|501");
        assertThat(reply).doesNotContain("echoed");
        safe(reply);
      }
    }
  }

  @Test
  void noOriginMayReadAndNoPreflightIsAnswered() {
    String origin = "origin: https://evil.example\r\n";
    String preflight =
        raw(
            "OPTIONS /v1/containers HTTP/1.1\r\nhost: x\r\n"
                + origin
                + "access-control-request-method: POST\r\naccess-control-request-headers: x-api-key"
                + "\r\nconnection: close\r\n\r\n");
    assertThat(statuses(preflight).getFirst()).as(preflight).matches("40[15]");
    safe(preflight);
    for (String target : List.of("/v1/containers", "/healthz", "/openapi.json", "/metrics")) {
      String reply =
          raw("GET " + target + " HTTP/1.1\r\n" + head() + origin + "connection: close\r\n\r\n");
      assertThat(statuses(reply)).isEqualTo(List.of("200"));
      assertThat(headOf(reply)).doesNotContain("access-control-");
    }
  }

  @Test
  void whatAWorkspaceMadeIsADownloadThatNobodyInterprets() {
    String name = "a\"b; filename=<script>.html";
    JsonNode cell =
        http.cell(
            container,
            "python",
            "import os\n"
                + "for d in (os.environ['OUTPUT_DIR'], '/tmp'):\n"
                + "    with open(d + '/x.html', 'w') as f: f.write('<script>alert(1)</script>')\n"
                + "with open('/tmp/' + "
                + Json.write(Json.object().put("n", name)).replaceAll("^.*?:(\".*\")}$", "$1")
                + ", 'w') as f: f.write('<b>')");
    assertThat(cell.path("stderr").asString()).isEmpty();
    String output = cell.at("/outputs/0/file_id").asString();
    for (String path :
        List.of(
            "/v1/files/" + output + "/content",
            "/v1/containers/" + container + "/files/tmp/x.html",
            "/v1/containers/" + container + "/files/tmp/a%22b%3B%20filename=%3Cscript%3E.html")) {
      RawHttp.Answer answer = http.get(path);
      assertThat(answer.status()).as(path + answer.text()).isEqualTo(200);
      assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
      assertThat(answer.header("content-disposition")).startsWith("attachment; filename*=utf-8''");
      assertThat(answer.header("content-disposition").substring(28)).doesNotContain("\"", ";", "<");
    }
  }

  @Test
  void deletionsAreWrittenDownWithKeyAndRequest() throws IOException {
    String doomed = http.container();
    http.put("/v1/containers/" + doomed + "/files/tmp/a%22%E2%80%AEb", new byte[] {1});
    RawHttp.Answer file = http.delete("/v1/containers/" + doomed + "/files/tmp/a%22%E2%80%AEb");
    assertThat(file.status()).isEqualTo(200);
    RawHttp.Answer deleted = http.delete("/v1/containers/" + doomed);
    assertThat(deleted.status()).isEqualTo(200);
    RawHttp.Answer refused = http.delete("/v1/containers/" + doomed);
    assertThat(refused.status()).isEqualTo(404);
    Path log = directory.resolve("data/audit.log");
    String text = Files.readString(log);
    assertThat(text.lines().filter(line -> line.contains(doomed)))
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains(
                        " deleted object=\"containers/" + doomed + "/files/tmp/a\\\"\\u{202e}b\"",
                        " request=" + file.header("request-id")),
            line ->
                assertThat(line)
                    .contains(
                        " deleted object=\"containers/" + doomed + "\"",
                        " organization=" + caisson.organization(),
                        " key=key_",
                        " request=" + deleted.header("request-id")));
    assertThat(text).contains(" key_created key=key_").doesNotContain(caisson.key(), "sk-caisson");
    assertThat(Files.getPosixFilePermissions(log)).hasSize(2);
  }

  private static String head() {
    return "host: x\r\nx-api-key: " + caisson.key() + "\r\n";
  }

  private static List<String> statuses(String reply) {
    return REPLY.matcher(reply).results().map(found -> found.group(1)).toList();
  }

  private static String headOf(String reply) {
    return reply.substring(0, reply.indexOf("\r\n\r\n")).toLowerCase(Locale.ROOT);
  }

  /** Every refusal is the envelope and tells nothing of the inside. */
  private static void safe(String reply) {
    String head = headOf(reply);
    assertThat(head).contains("x-content-type-options: nosniff", "request-id: req_");
    assertThat(head).doesNotContain("access-control-", "server:", "x-powered-by");
    assertThat(reply)
        .doesNotContain("Exception", "\tat ", "Jetty", "org.eclipse", directory.toString());
    Matcher status = REPLY.matcher(reply);
    if (status.find() && status.group(1).compareTo("400") >= 0) {
      JsonNode body =
          Json.parse(
              reply.substring(reply.indexOf("\r\n\r\n") + 4).getBytes(StandardCharsets.UTF_8),
              "reply");
      assertThat(body.path("type").asString()).isEqualTo("error");
      assertThat(body.at("/error/type").asString()).isNotEmpty();
      assertThat(head)
          .contains("request-id: " + body.path("request_id").asString().toLowerCase(Locale.ROOT));
    }
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), caisson.url().getPort());
    socket.setSoTimeout(8_000);
    return socket;
  }

  private static void write(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private static String raw(String request) {
    try (Socket socket = connect()) {
      write(socket, request);
      return rest(socket);
    } catch (IOException e) {
      throw new AssertionError(request, e);
    }
  }

  /** All until the server closes. */
  private static String rest(Socket socket) throws IOException {
    ByteArrayOutputStream reply = new ByteArrayOutputStream();
    InputStream in = socket.getInputStream();
    try {
      in.transferTo(reply);
    } catch (SocketException e) {
      // reset: closed with bytes of ours unread
    }
    return reply.toString(StandardCharsets.UTF_8);
  }

  private static String dribble(String start, String more) throws Exception {
    try (Socket socket = connect()) {
      write(socket, start);
      return dribble(socket, more);
    }
  }

  /** Writes piece by piece until the server ends it, and gives what it said. */
  private static String dribble(Socket socket, String more) throws Exception {
    Thread writer =
        Thread.startVirtualThread(() -> {
          try {
            for (int i = 0; i < 400; i++) {
              write(socket, more);
              Thread.sleep(20);
            }
          } catch (IOException | InterruptedException e) {
            // the server has closed
          }
        });
    try {
      return rest(socket);
    } finally {
      writer.interrupt();
      writer.join();
    }
  }
}
