package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What ran when the server was killed is billed once. */
@Tag("slow")
class LedgerKillTest {
  private static final String CELL = "{\"language\":\"bash\",\"code\":\"touch /tmp/on; sleep 60\"}";

  @TempDir Path directory;

  @Test
  void aCellThatRanWhenTheServerWasKilledIsBilledOnce() {
    String container;
    try (CaissonProcess first = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(first.url(), first.key());
      container = http.container();
      http.cell(container, "bash", "true");
      CompletableFuture<Boolean> cut =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  http.post("/v1/containers/" + container + "/cells", CELL);
                  return false;
                } catch (UncheckedIOException e) {
                  return true;
                }
              },
              Thread::startVirtualThread);
      Awaitility.await()
          .until(() -> http.get("/v1/containers/" + container + "/files/tmp/on").status() == 200);
      assertThat(rows(http).size()).as("the second cell has no row while it runs").isEqualTo(1);
      first.kill();
      assertThat(cut.join()).isTrue();
    }
    JsonNode after;
    try (CaissonProcess second = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(second.url(), second.key());
      after = rows(http);
      assertThat(after.size()).isEqualTo(2);
      assertThat(after.at("/0/container_id").asString()).isEqualTo(container);
      assertThat(after.at("/0/tool_ran").asBoolean()).isTrue();
      assertThat(after.at("/0/billed_ms").asLong()).isEqualTo(300_000);
      assertThat(http.get("/v1/usage/verification").json().path("intact").asBoolean()).isTrue();
    }
    try (CaissonProcess third = CaissonProcess.start(directory, Map.of())) {
      assertThat(rows(new RawHttp(third.url(), third.key()))).isEqualTo(after);
    }
  }

  private static JsonNode rows(RawHttp http) {
    return http.get("/v1/usage").json().path("data");
  }
}
