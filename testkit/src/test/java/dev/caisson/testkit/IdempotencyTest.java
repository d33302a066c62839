package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import dev.caisson.domain.OrganizationId;
import dev.caisson.engine.IdempotentRequests;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A POST that comes again with its Idempotency-Key does nothing a second time. */
class IdempotencyTest {
  @TempDir Path directory;
  private final RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  private RunningCaisson caisson;
  private RawHttp http;

  @BeforeEach
  void start() {
    caisson = RunningCaisson.over(directory).clock(clock).start();
    http = RawHttp.of(caisson);
  }

  @AfterEach
  void stop() {
    caisson.close();
  }

  @Test
  void aContainerIsMadeOnceForAKeyOfOneOrganization() {
    RawHttp.Answer first = http.post("/v1/containers", "{}", "idempotency-key", "k1");
    assertThat(first.header("idempotent-replayed")).isEmpty();
    RawHttp.Answer again = http.post("/v1/containers", "{}", "idempotency-key", "k1");
    assertSame(first, again);
    assertThat(again.header("request-id")).isNotEqualTo(first.header("request-id"));
    RawHttp.Answer another = http.post("/v1/containers", "{}", "idempotency-key", "k2");
    assertThat(another.json().path("id")).isNotEqualTo(first.json().path("id"));
    OrganizationId acme = caisson.engine().organizations().create("acme");
    String theirs = caisson.engine().keys().create(acme, "theirs").text();
    RawHttp.Answer foreign =
        http.post("/v1/containers", "{}", "idempotency-key", "k1", "x-api-key", theirs);
    assertThat(foreign.status()).isEqualTo(200);
    assertThat(foreign.json().path("id")).isNotEqualTo(first.json().path("id"));
    assertThat(http.get("/v1/containers").json().path("data")).hasSize(2);
  }

  @Test
  void anotherRequestWithTheKeyIsRefusedByName() {
    String container =
        http.post("/v1/containers", "{}", "idempotency-key", "k1").json().path("id").asString();
    for (RawHttp.Answer other :
        new RawHttp.Answer[] {
          http.post("/v1/containers", "{\"labels\":{}}", "idempotency-key", "k1"),
          http.post("/v1/containers?x=1", "{}", "idempotency-key", "k1"),
          http.post("/v1/containers/" + container + "/cells", "{}", "idempotency-key", "k1")
        }) {
      assertThat(other.status()).isEqualTo(400);
      assertThat(other.error())
          .contains("`k1`", "POST /v1/containers", "req_", "was another request");
    }
  }

  @Test
  void codeRunsOncePlainAndStreamed() {
    String container = http.container();
    String cells = "/v1/containers/" + container + "/cells";
    for (boolean stream : new boolean[] {false, true}) {
      String body =
          "{\"language\":\"bash\",\"code\":\"echo x >> /tmp/log; wc -l < /tmp/log\",\"stream\":"
              + stream
              + "}";
      RawHttp.Answer first = http.post(cells, body, "idempotency-key", "cell-" + stream);
      RawHttp.Answer again =
          replay(() -> http.post(cells, body, "idempotency-key", "cell-" + stream));
      assertSame(first, again);
    }
    assertThat(http.cell(container, "bash", "wc -l < /tmp/log").path("stdout").asString())
        .isEqualTo("2\n");
  }

  @Test
  void aMessageIsAnsweredOncePlainAndStreamed() {
    String container = http.container();
    for (boolean stream : new boolean[] {false, true}) {
      String body =
          """
          {"model": "caisson-direct", "max_tokens": 9, "stream": %s, "container": "%s",
           "tools": [{"type": "code_execution_20250825", "name": "code_execution"}],
           "messages": [{"role": "user", "content": "```bash\\necho x >> /tmp/log\\n```"}]}
          """
              .formatted(stream, container);
      String[] headers = {"idempotency-key", "m-" + stream, "anthropic-version", "2023-06-01"};
      RawHttp.Answer first = http.post("/v1/messages", body, headers);
      RawHttp.Answer again = replay(() -> http.post("/v1/messages", body, headers));
      assertSame(first, again);
      assertThat(again.text()).contains(stream ? "message_stop" : "end_turn");
    }
    assertThat(http.cell(container, "bash", "wc -l < /tmp/log").path("stdout").asString())
        .isEqualTo("2\n");
  }

  @Test
  void formsAreTheSameWhateverTheirBoundary() {
    RawHttp.Answer first = upload("content", "--AaB");
    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertSame(first, upload("content", "xyz0123456789"));
    assertThat(upload("c0ntent", "xyz0123456789").status()).isEqualTo(400);
    assertThat(http.get("/v1/files").json().path("data")).hasSize(1);
  }

  private RawHttp.Answer upload(String content, String boundary) {
    String form =
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
            + content
            + "\r\n--B--\r\n";
    return http.call(
        "POST",
        "/v1/files",
        form.replace("--B", "--" + boundary).getBytes(StandardCharsets.UTF_8),
        "content-type",
        "multipart/form-data; boundary=\"" + boundary + "\"",
        "idempotency-key",
        "upload");
  }

  @Test
  void batchesAndSkillsAreMadeOnce() {
    String batch =
        "{\"requests\":[{\"custom_id\":\"a\",\"params\":{\"model\":\"caisson-direct\","
            + "\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}}]}  \n";
    String[] headers = {"idempotency-key", "batch", "anthropic-version", "2023-06-01"};
    RawHttp.Answer first = http.post("/v1/messages/batches", batch, headers);
    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertSame(first, http.post("/v1/messages/batches", batch, headers));
    String cancel = "/v1/messages/batches/" + first.json().path("id").asString() + "/cancel";
    RawHttp.Answer cancelled = http.post(cancel, "{}", "idempotency-key", "cancel");
    assertThat(cancelled.status()).isEqualTo(200);
    assertSame(cancelled, http.post(cancel, "{}", "idempotency-key", "cancel"));
    RawHttp.Answer skill = skill();
    assertThat(skill.status()).as(skill.text()).isEqualTo(200);
    assertSame(skill, skill());
  }

  private RawHttp.Answer skill() {
    return new MultipartForm()
        .file("files[]", "s/SKILL.md", "---\nname: s\ndescription: d\n---\n")
        .post(http, "/v1/skills", "idempotency-key", "skill");
  }

  @Test
  void whatWasRefusedLeavesItsKeyUnused() {
    String[] key = {"idempotency-key", "k"};
    assertThat(http.post("/v1/containers", "{\"image\":\"none\"}", key).status()).isEqualTo(400);
    assertThat(http.post("/v1/containers", "nonsense", key).status()).isEqualTo(400);
    assertThat(http.post("/v1/nowhere", "{}", key).status()).isEqualTo(404);
    assertThat(http.post("/v1/files", "{}", key).status()).isEqualTo(400);
    assertThat(http.post("/v1/containers/container_0/cells", "{}", key).status()).isEqualTo(400);
    RawHttp.Answer made = http.post("/v1/containers", "{}", key);
    assertThat(made.status()).isEqualTo(200);
    assertThat(made.header("idempotent-replayed")).isEmpty();
    // Other methods are the same again by nature.
    String path = "/v1/containers/" + made.json().path("id").asString();
    assertThat(http.call("DELETE", path, new byte[0], key).status()).isEqualTo(200);
    for (String bad : new String[] {"", "a b", "x".repeat(256)}) {
      RawHttp.Answer refused = http.post("/v1/containers", "{}", "idempotency-key", bad);
      assertThat(refused.status()).as(bad).isEqualTo(400);
      assertThat(refused.error()).startsWith("Idempotency-Key: ");
    }
    assertThat(
            caisson.engine().idempotentRequests().begin(caisson.organization(), "x", "req_1", ""))
        .isEmpty();
  }

  @Test
  void oneThatStillRunsIsAConflictToTryAgain() throws Exception {
    String container = http.container();
    String body =
        "{\"language\":\"bash\",\"code\":\"touch /tmp/runs; until [ -e /tmp/go ]; do sleep 0.02;"
            + " done; echo done\"}";
    String cells = "/v1/containers/" + container + "/cells";
    String files = "/v1/containers/" + container + "/files/tmp/";
    CompletableFuture<RawHttp.Answer> running =
        CompletableFuture.supplyAsync(
            () -> http.post(cells, body, "idempotency-key", "k"), Thread::startVirtualThread);
    Awaitility.await().until(() -> http.get(files + "runs").status() == 200);
    RawHttp.Answer early = http.post(cells, body, "idempotency-key", "k");
    assertThat(early.status()).isEqualTo(409);
    assertThat(early.error()).contains("`k`", "still being worked on");
    assertThat(early.header("retry-after")).isEqualTo("1");
    assertThat(early.header("x-should-retry")).isEmpty();
    http.put(files + "go", new byte[] {1});
    assertThat(running.get().json().path("stdout").asString()).isEqualTo("done\n");
    assertSame(running.get(), http.post(cells, body, "idempotency-key", "k"));
  }

  @Test
  void aReplyThatIsTooLargeToKeepIsSaidToBeSo() {
    String container = http.container();
    // A control character has one byte in the output and six in the reply.
    String body =
        "{\"language\":\"bash\",\"code\":\"echo x >> /tmp/log;"
            + " f() { head -c 1000000 /dev/zero | tr '\\\\0' '\\\\1'; }; f; f >&2\"}";
    String cells = "/v1/containers/" + container + "/cells";
    RawHttp.Answer first = http.post(cells, body, "idempotency-key", "k");
    assertThat(first.bytes().length).isGreaterThan(IdempotentRequests.MAX_REPLY_BYTES);
    RawHttp.Answer again = http.post(cells, body, "idempotency-key", "k");
    assertThat(again.status()).isEqualTo(409);
    assertThat(again.header("x-should-retry")).isEqualTo("false");
    assertThat(again.error()).contains("has been run; its reply cannot be repeated");
    assertThat(http.cell(container, "bash", "wc -l < /tmp/log").path("stdout").asString())
        .isEqualTo("1\n");
  }

  @Test
  void aKeyIsGoodForADay() {
    RawHttp.Answer first = http.post("/v1/containers", "{}", "idempotency-key", "k");
    clock.advance(Duration.ofHours(24));
    assertSame(first, http.post("/v1/containers", "{}", "idempotency-key", "k"));
    clock.advance(Duration.ofSeconds(1));
    RawHttp.Answer next = http.post("/v1/containers", "{}", "idempotency-key", "k");
    assertThat(next.json().path("id")).isNotEqualTo(first.json().path("id"));
    assertSame(next, http.post("/v1/containers", "{}", "idempotency-key", "k"));
    clock.advance(Duration.ofHours(25));
    caisson.engine().sweep();
    assertThat(http.post("/v1/containers", "{}", "idempotency-key", "k").json().path("id"))
        .isNotEqualTo(next.json().path("id"));
  }

  @Test
  void theSdkSendsAKeyAsAHeader() {
    AnthropicClient client =
        AnthropicOkHttpClient.builder()
            .baseUrl(caisson.url().toString())
            .apiKey(caisson.key())
            .build();
    try {
      MessageCreateParams params =
          MessageCreateParams.builder()
              .model("caisson-direct")
              .maxTokens(9)
              .addUserMessage("no code")
              .putAdditionalHeader("Idempotency-Key", "from-the-sdk")
              .build();
      Message first = client.messages().create(params);
      assertThat(client.messages().create(params)).isEqualTo(first);
    } finally {
      client.close();
    }
  }

  /** The record of a stream is kept when its last event is out. */
  private static RawHttp.Answer replay(java.util.function.Supplier<RawHttp.Answer> request) {
    return Awaitility.await().until(request::get, answer -> answer.status() != 409);
  }

  private static void assertSame(RawHttp.Answer first, RawHttp.Answer again) {
    assertThat(again.status()).as(again.text()).isEqualTo(first.status());
    assertThat(again.text()).isEqualTo(first.text());
    assertThat(again.header("content-type")).isEqualTo(first.header("content-type"));
    assertThat(again.header("idempotent-replayed")).isEqualTo("true");
  }
}
