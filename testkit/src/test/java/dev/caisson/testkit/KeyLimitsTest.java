package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What one API key may ask for. */
class KeyLimitsTest {
  private static final int REQUESTS = 30;

  @TempDir Path directory;
  private final RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  private RunningCaisson caisson;
  private RawHttp http;

  @BeforeEach
  void start() {
    caisson =
        RunningCaisson.over(directory)
            .clock(clock)
            .server(server -> server.withKeyLimits(REQUESTS, 1))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterEach
  void stop() {
    caisson.close();
  }

  @Test
  void everyReplySaysWhatIsLeftAndOneTooManyHasToWait() {
    for (int left = REQUESTS - 1; left >= 0; left--) {
      RawHttp.Answer answer = http.get("/v1/containers");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("anthropic-ratelimit-requests-limit")).isEqualTo("" + REQUESTS);
      assertThat(answer.header("anthropic-ratelimit-requests-remaining")).isEqualTo("" + left);
      assertThat(Instant.parse(answer.header("anthropic-ratelimit-requests-reset")))
          .isAfterOrEqualTo(clock.instant().minusSeconds(1));
      assertThat(answer.header("anthropic-organization-id"))
          .isEqualTo(caisson.organization().value());
    }
    RawHttp.Answer refused = http.get("/v1/containers");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.json().at("/error/type").asString()).isEqualTo("rate_limit_error");
    assertThat(refused.error()).contains(REQUESTS + " requests in a minute");
    assertThat(refused.header("anthropic-ratelimit-requests-remaining")).isEqualTo("0");
    assertThat(refused.header("x-should-retry")).isEmpty();
    long wait = Long.parseLong(refused.header("retry-after"));
    assertThat(wait).isEqualTo(60 / REQUESTS);
    // Another key has requests of its own; what needs no key is not counted.
    String other = caisson.engine().keys().create(caisson.organization(), "other").text();
    assertThat(http.get("/v1/containers", "x-api-key", other).status()).isEqualTo(200);
    assertThat(http.get("/healthz").status()).isEqualTo(200);
    clock.advance(Duration.ofSeconds(wait));
    assertThat(http.get("/v1/containers").status()).isEqualTo(200);
    assertThat(http.get("/v1/containers").status()).isEqualTo(429);
  }

  @Test
  void oneRequestTooManyThatRunsCodeHasToWait() {
    String first = http.container();
    String second = http.container();
    CompletableFuture<JsonNode> running =
        CompletableFuture.supplyAsync(() ->
            http.cell(
                first,
                "bash",
                "touch /tmp/runs; until [ -e /tmp/go ]; do sleep 0.02; done; echo done"));
    String files = "/v1/containers/" + first + "/files/tmp/";
    String other = caisson.engine().keys().create(caisson.organization(), "other").text();
    Awaitility.await()
        .until(() -> http.get(files + "runs", "x-api-key", other).status() == 200 || clockOn());

    RawHttp.Answer refused =
        http.post(
            "/v1/containers/" + second + "/cells", "{\"language\":\"bash\",\"code\":\"true\"}");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.error()).contains("runs 1 cells already");
    assertThat(refused.header("retry-after")).isEqualTo("1");
    // In a message the model hears of it; the request itself is answered.
    RawHttp.Answer message =
        http.message(
            Json.write(
                Json.parse(
                    """
                    {"model": "caisson-direct", "max_tokens": 10,
                     "tools": [{"type": "code_execution_20250825", "name": "code_execution"}],
                     "messages": [{"role": "user", "content": "```bash\\necho hi\\n```"}]}
                    """,
                    "test")));
    assertThat(message.text()).contains("too_many_requests");
    // Another key of the same organization is not held up.
    RawHttp.Answer others =
        http.post(
            "/v1/containers/" + second + "/cells",
            "{\"language\":\"bash\",\"code\":\"true\"}",
            "x-api-key",
            other);
    assertThat(others.status()).isEqualTo(200);

    http.put(files + "go", "go".getBytes(StandardCharsets.UTF_8));
    assertThat(running.join().path("stdout").asString()).isEqualTo("done\n");
    assertThat(http.cell(second, "bash", "echo now").path("stdout").asString()).isEqualTo("now\n");
  }

  /** Time passes for the limit on requests while we ask again and again. */
  private boolean clockOn() {
    clock.advance(Duration.ofSeconds(2));
    return false;
  }
}
