package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.client.HttpCaisson;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.Rebuild.Match;
import dev.caisson.engine.Keys;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rebuilds over HTTP. */
class RebuildHttpTest {
  @TempDir static Path directory;
  private static final RunningCaisson.HandClock CLOCK = new RunningCaisson.HandClock();
  private static RunningCaisson caisson;
  private static RawHttp http;

  @BeforeAll
  static void start() {
    caisson = RunningCaisson.over(directory).clock(CLOCK).start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  private static String rebuild(String container) {
    return "/v1/containers/" + container + "/rebuild";
  }

  private static String container() {
    return http.post("/v1/containers", "{\"labels\":{\"job\":\"a\"}}").json().path("id").asString();
  }

  @Test
  void anExpiredContainerIsRebuiltAndCompared() {
    String id = container();
    http.cell(id, "python", "open('/tmp/a', 'w').write('one')");
    http.cell(id, "bash", "date +%s%N > /tmp/time");
    CLOCK.advance(Duration.ofDays(31));
    assertThat(http.post("/v1/containers/" + id + "/fork", "{}").status()).isEqualTo(410);
    RawHttp.Answer answer = http.post(rebuild(id), "{}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().at("/labels/job").asString()).isEqualTo("a");
    assertThat(answer.json().at("/rebuilt/from").asString()).isEqualTo(id);
    assertThat(answer.json().at("/rebuilt/same").asBoolean()).isFalse();
    assertThat(answer.json().at("/rebuilt/counts/matches").asInt()).isEqualTo(1);
    assertThat(answer.json().at("/rebuilt/files/0/path").asString()).isEqualTo("/tmp/time");
    assertThat(answer.json().at("/rebuilt/files/0/match").asString()).isEqualTo("differs");
    String made = answer.json().path("id").asString();
    assertThat(http.cell(made, "bash", "cat /tmp/a").path("stdout").asString()).isEqualTo("one");
  }

  @Test
  void aProgramHearsTheStepsAndGetsTheReport() {
    String id = container();
    http.cell(id, "bash", "echo 1 > /tmp/one");
    http.cell(id, "bash", "exit 4");
    try (HttpCaisson client = HttpCaisson.connect(caisson.url(), caisson.key())) {
      List<String> heard = new ArrayList<>();
      Rebuild rebuilt =
          client.rebuild(
              new ContainerId(id),
              Optional.of(Map.of("job", "b")),
              (step, done, all) -> heard.add(step.result() + " " + done + "/" + all));
      assertThat(heard).containsExactly("SAME 1/2", "SAME 2/2");
      assertThat(rebuilt.same()).isTrue();
      assertThat(rebuilt.count(Match.MATCHES)).isEqualTo(1);
      assertThat(rebuilt.container().labels()).containsExactly(Map.entry("job", "b"));
      assertThat(rebuilt.steps().getFirst().cell()).isPresent();
    }
  }

  @Test
  void aRetryWithTheSameKeyRunsNothingAgain() {
    String id = container();
    http.cell(id, "bash", "true");
    String first = http.post(rebuild(id), "{}", "idempotency-key", "once").text();
    assertThat(http.post(rebuild(id), "{}", "idempotency-key", "once").text()).isEqualTo(first);
  }

  @Test
  void aForeignContainerIsAnUnknownOne() {
    String id = container();
    Keys.NewKey key =
        caisson
            .engine()
            .keys()
            .create(caisson.engine().organizations().create("another"), "another");
    RawHttp theirs = new RawHttp(caisson.url(), key.text());
    RawHttp.Answer foreign = theirs.post(rebuild(id), "{}");
    assertThat(foreign.status()).isEqualTo(404);
    assertThat(foreign.error().replace(id, "container_0"))
        .isEqualTo(theirs.post(rebuild("container_0"), "{}").error());
    http.delete("/v1/containers/" + id);
    assertThat(http.post(rebuild(id), "{}").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "|request body: empty; a JSON value is required",
        "[]|request body: Input should be an object",
        "{\"stream\":7}|stream: Input should be a valid boolean",
        "{\"labels\":{\"a\":1}}|labels.a: Input should be a valid string",
        "{\"image\":\"x\"}|image: Extra inputs are not permitted"
      })
  void badRequestsAreToldByField(String body, String message) {
    RawHttp.Answer answer = http.post(rebuild(container()), body == null ? "" : body);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").asString()).isEqualTo(message);
  }
}
