package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.engine.Keys;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client hears at the limits of its organization, and of a key that is revoked. */
class OrganizationsTest {
  private static final String TOOL =
      "\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"code_execution\"}],";

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
  void aContainerTooManyIsABillingErrorThatSdksDoNotRetry() {
    http.container();
    limit(OrganizationLimit.CONTAINERS, 1);
    for (String body : new String[] {"{}", "{\"labels\":{\"a\":\"b\"}}"}) {
      quotaError(http.post("/v1/containers", body));
    }
    quotaError(direct("echo hi", false));
    RawHttp.Answer streamed = direct("echo hi", true);
    assertThat(streamed.text()).contains("billing_error").doesNotContain("message_stop");
    // A message that talks needs no container.
    assertThat(
            http.message(
                    "{\"model\":\"caisson-direct\",\"max_tokens\":9,"
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                .status())
        .isEqualTo(200);
    limit(OrganizationLimit.CONTAINERS, 2);
    assertThat(direct("echo hi", false).text()).contains("hi\\n");
  }

  private void quotaError(RawHttp.Answer answer) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(402);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("billing_error");
    assertThat(answer.json().at("/error/code").asString()).isEqualTo("over_quota");
    assertThat(answer.error()).contains("1 containers are alive, which is its limit (containers)");
    assertThat(answer.header("retry-after")).matches("\\w{3}, \\d\\d \\w{3} \\d{4} [\\d:]{8} GMT");
  }

  @Test
  void oneRequestTooManyOfAllKeysTogetherHasToWait() {
    limit(OrganizationLimit.REQUESTS, 6);
    Keys.NewKey second = caisson.engine().keys().create(caisson.organization(), "second");
    RawHttp other = new RawHttp(caisson.url(), second.text());
    for (int left = 5; left >= 0; left--) {
      RawHttp.Answer answer = (left % 2 == 0 ? http : other).get("/v1/files");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("anthropic-ratelimit-requests-limit")).isEqualTo("6");
      assertThat(answer.header("anthropic-ratelimit-requests-remaining")).isEqualTo("" + left);
    }
    for (RawHttp one : new RawHttp[] {http, other}) {
      RawHttp.Answer refused = one.get("/v1/files");
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.error())
          .contains(caisson.organization().value())
          .contains("6 requests in a minute (requests)");
      assertThat(refused.header("retry-after")).isEqualTo("10");
    }
    clock.advance(Duration.ofSeconds(10));
    assertThat(http.get("/v1/files").status()).isEqualTo(200);
    limit(OrganizationLimit.REQUESTS, 100);
    assertThat(other.get("/v1/files").status()).isEqualTo(200);
  }

  @Test
  void codeThatWaitsForToolsCountsAmongTheCells() {
    limit(OrganizationLimit.CELLS, 1);
    String waits = "print(await look({}))";
    RawHttp.Answer paused =
        http.message(
            """
            {"model": "caisson-direct", "max_tokens": 9,
             "tools": [{"type": "code_execution_20260120", "name": "code_execution"},
               {"name": "look", "input_schema": {"type": "object"},
                "allowed_callers": ["code_execution_20260120"]}],
             "messages": [{"role": "user", "content": "```python\\n%s\\n```"}]}
            """
                .formatted(waits));
    assertThat(paused.json().path("stop_reason").asString())
        .as(paused.text())
        .isEqualTo("tool_use");
    RawHttp.Answer refused =
        http.post(
            "/v1/containers/" + http.container() + "/cells",
            "{\"language\":\"bash\",\"code\":\"true\"}");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.error()).contains("1 cells are under way already", "limit (cells)");
    assertThat(refused.header("retry-after")).isEqualTo("1");
    assertThat(direct("echo hi", false).text()).contains("too_many_requests");
  }

  @Test
  void aStreamThatHasBegunWhenItsKeyIsRevokedGoesOnToItsEnd() throws Exception {
    OrganizationId acme = caisson.engine().organizations().create("acme");
    Keys.NewKey key = caisson.engine().keys().create(acme, "leaked");
    RawHttp theirs = new RawHttp(caisson.url(), key.text());
    String container = theirs.container();
    CompletableFuture<RawHttp.Answer> stream =
        CompletableFuture.supplyAsync(
            () ->
                theirs.post(
                    "/v1/containers/" + container + "/cells",
                    "{\"language\":\"bash\",\"stream\":true,\"code\":\"echo begun; touch /tmp/runs; "
                        + "until [ -e /tmp/go ]; do sleep 0.02; done; echo end\"}"),
            Thread::startVirtualThread);
    String files = "/v1/containers/" + container + "/files/tmp/";
    Awaitility.await().until(() -> theirs.get(files + "runs").status() == 200);
    caisson.engine().keys().revoke(key.id());
    RawHttp.Answer refused = theirs.get("/v1/containers/" + container);
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.json().at("/error/type").asString()).isEqualTo("authentication_error");
    assertThat(refused.error()).contains(key.id().value(), "was revoked at");
    RawHttp fresh = new RawHttp(caisson.url(), caisson.engine().keys().create(acme, "new").text());
    assertThat(stream).isNotDone();
    fresh.put(files + "go", new byte[] {1});
    assertThat(stream.get().text()).contains("event: result", "begun\\nend\\n");
    assertThat(fresh.get("/v1/containers/" + container + "/cells").text())
        .contains("begun\\nend\\n");
  }

  private void limit(OrganizationLimit limit, long value) {
    caisson.engine().organizations().set(caisson.organization(), Map.of(limit, Optional.of(value)));
  }

  private RawHttp.Answer direct(String bash, boolean stream) {
    return http.message(
        "{\"model\":\"caisson-direct\",\"max_tokens\":9,\"stream\":"
            + stream
            + ","
            + TOOL
            + "\"messages\":[{\"role\":\"user\",\"content\":\"```bash\\n"
            + bash
            + "\\n```\"}]}");
  }
}
