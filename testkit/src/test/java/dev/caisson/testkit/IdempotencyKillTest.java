package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.assertj.core.api.Assertions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A request whose server was killed is not run again, and what is known of it is said. */
@Tag("slow")
class IdempotencyKillTest {
  private static final String BODY =
      "{\"language\":\"bash\",\"code\":\"echo begun >> /tmp/log; sleep 30\"}";

  @TempDir Path directory;

  @Test
  void aRequestThatRanWhenTheServerWasKilledIsNotRunAgain() {
    String container;
    RawHttp.Answer made;
    try (CaissonProcess first = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(first.url(), first.key());
      made = http.post("/v1/containers", "{}", "idempotency-key", "made");
      container = made.json().path("id").asString();
      String cells = "/v1/containers/" + container + "/cells";
      CompletableFuture<RawHttp.Answer> running =
          CompletableFuture.supplyAsync(
              () -> http.post(cells, BODY, "idempotency-key", "k"), Thread::startVirtualThread);
      Awaitility.await()
          .until(() ->
              http.get("/v1/containers/" + container + "/files/tmp/log").text().equals("begun\n"));
      first.kill();
      Assertions.assertThatThrownBy(running::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(UncheckedIOException.class);
    }
    try (CaissonProcess second = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(second.url(), second.key());
      RawHttp.Answer again = http.post("/v1/containers", "{}", "idempotency-key", "made");
      assertThat(again.text()).isEqualTo(made.text());
      assertThat(again.header("idempotent-replayed")).isEqualTo("true");
      String cells = "/v1/containers/" + container + "/cells";
      for (int i = 0; i < 2; i++) {
        RawHttp.Answer unknown = http.post(cells, BODY, "idempotency-key", "k");
        assertThat(unknown.status()).isEqualTo(409);
        assertThat(unknown.error()).contains("`k`", "its outcome is not known");
        assertThat(unknown.header("x-should-retry")).isEqualTo("false");
      }
      assertThat(http.get(cells).json().at("/data/0/status").asString()).isEqualTo("lost");
      assertThat(http.cell(container, "bash", "cat /tmp/log").path("stdout").asString())
          .isEqualTo("begun\n");
    }
  }
}
