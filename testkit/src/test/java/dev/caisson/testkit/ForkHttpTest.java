package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.client.HttpCaisson;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Fork;
import dev.caisson.engine.Keys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Forks over HTTP. */
class ForkHttpTest {
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

  private static String fork(String container) {
    return "/v1/containers/" + container + "/fork";
  }

  @Test
  void aForkIsAContainerWithTheSameFilesAndVariables() {
    String container =
        http.post("/v1/containers", "{\"labels\":{\"job\":\"a\"}}").json().path("id").asString();
    http.cell(container, "python", "x = 7; open('/tmp/a', 'w').write('one')");
    http.cell(container, "bash", "mkfifo /tmp/pipe");
    RawHttp.Answer answer = http.post(fork(container), "{}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().at("/forked/from").asString()).isEqualTo(container);
    assertThat(answer.json().at("/forked/skipped/0").asString()).isEqualTo("/tmp/pipe");
    assertThat(answer.json().at("/labels/job").asString()).isEqualTo("a");
    String id = answer.json().path("id").asString();
    assertThat(http.cell(id, "python", "print(x, open('/tmp/a').read())").path("stdout").asString())
        .isEqualTo("7 one\n");
    try (HttpCaisson client = HttpCaisson.connect(caisson.url(), caisson.key())) {
      Fork again = client.fork(new ContainerId(id), Optional.of(Map.of("job", "b")));
      assertThat(again.from().value()).isEqualTo(id);
      assertThat(again.container().labels()).containsExactly(Map.entry("job", "b"));
      assertThat(again.skippedCount()).isZero();
      assertThat(client.fork(new ContainerId(id), Optional.of(Map.of())).container().labels())
          .isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "|request body: empty; a JSON value is required",
        "[]|request body: Input should be an object",
        "{\"labels\":7}|labels: Input should be an object",
        "{\"labels\":{\"a\":1}}|labels.a: Input should be a valid string",
        "{\"image\":\"x\"}|image: Extra inputs are not permitted"
      })
  void aWrongBodyIsRefusedAndNothingIsMade(String body, String complaint) {
    String container = http.container();
    int before = http.get("/v1/containers").json().path("data").size();
    RawHttp.Answer answer = http.post(fork(container), body == null ? "" : body);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains(complaint);
    assertThat(http.get("/v1/containers").json().path("data").size()).isEqualTo(before);
  }

  @Test
  void whatCannotBeForkedSaysWhy() {
    String container = http.container();
    Keys.NewKey key =
        caisson
            .engine()
            .keys()
            .create(caisson.engine().organizations().create("another"), "another");
    RawHttp theirs = new RawHttp(caisson.url(), key.text());
    RawHttp.Answer foreign = theirs.post(fork(container), "{}");
    assertThat(foreign.status()).isEqualTo(404);
    assertThat(foreign.error().replace(container, "container_0"))
        .isEqualTo(theirs.post(fork("container_0"), "{}").error());
    http.delete("/v1/containers/" + container);
    assertThat(http.post(fork(container), "{}").status()).isEqualTo(404);
    String old = http.container();
    CLOCK.advance(Duration.ofDays(31));
    RawHttp.Answer expired = http.post(fork(old), "{}");
    assertThat(expired.status()).isEqualTo(410);
    assertThat(expired.error()).contains("container_expired");
  }

  @Test
  void aServerThatIsKilledInTheMiddleLeavesNoHalfContainer(@TempDir Path home) throws Exception {
    Path data = home.resolve("data");
    Path fresh = data.resolve("containers/.fresh");
    String container;
    try (CaissonProcess server = CaissonProcess.start(home, Map.of())) {
      RawHttp killed = new RawHttp(server.url(), server.key());
      container = killed.container();
      killed.cell(container, "python", "for i in range(6000): open('/tmp/%d' % i, 'w').write('x')");
      Thread asking = Thread.ofVirtual().start(() -> ask(killed, container));
      Awaitility.await()
          .pollInterval(Duration.ofMillis(2))
          .atMost(Duration.ofSeconds(60))
          .until(() -> entries(fresh) > 0);
      server.kill();
      asking.join();
    }
    try (CaissonProcess server = CaissonProcess.start(home, Map.of())) {
      RawHttp next = new RawHttp(server.url(), server.key());
      assertThat(next.get("/v1/containers").json().path("data").size()).isEqualTo(1);
      assertThat(next.cell(container, "bash", "ls /tmp | wc -l").path("stdout").asString())
          .isEqualTo("6000\n");
      // The row and the copy go with the next sweep.
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> entries(fresh) == 0 && workspaces(data) == 1);
    }
  }

  private static void ask(RawHttp http, String container) {
    try {
      http.post(fork(container), "{}");
    } catch (UncheckedIOException e) {
      // The server was killed.
    }
  }

  private static long entries(Path place) throws IOException {
    if (!Files.isDirectory(place)) {
      return 0;
    }
    try (Stream<Path> found = Files.list(place)) {
      return found.count();
    }
  }

  private static long workspaces(Path data) throws IOException {
    try (Stream<Path> found = Files.list(data.resolve("containers"))) {
      return found.filter(path -> path.getFileName().toString().startsWith("container_")).count();
    }
  }
}
