package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.engine.Keys;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One organization sees nothing of another, and a revoked key nothing at all. */
class TenancyTest {
  private static final int WARM_UP = 200;

  /** The share of a fair coin lies within 0.08 of a half but for one time in 2 million. */
  private static final int PAIRS = 1000;

  @Test
  void aForeignIdAnswersAsAnUnknownOne(@TempDir Path directory) {
    try (RunningCaisson caisson = RunningCaisson.over(directory).start()) {
      RawHttp mine = RawHttp.of(caisson);
      String container = mine.container();
      String cell = mine.cell(container, "bash", "echo x > $OUTPUT_DIR/x").path("id").asString();
      String file = mine.get("/v1/files").json().at("/data/0/id").asString();

      OrganizationId other = caisson.engine().organizations().create("other");
      Keys.NewKey key = caisson.engine().keys().create(other, "other");
      RawHttp theirs = new RawHttp(caisson.url(), key.text());
      for (String path :
          List.of(
              "/v1/containers/" + container,
              "/v1/containers/" + container + "/cells",
              "/v1/containers/" + container + "/cells/" + cell,
              "/v1/containers/" + container + "/files/tmp",
              "/v1/files/" + file,
              "/v1/files/" + file + "/content")) {
        RawHttp.Answer foreign = theirs.get(path);
        RawHttp.Answer unknown =
            theirs.get(path.replace(container, "container_0").replace(file, "file_0"));
        assertThat(foreign.status()).as(path).isEqualTo(404);
        assertThat(foreign.error().replace(container, "container_0").replace(file, "file_0"))
            .isEqualTo(unknown.error());
      }
      assertThat(theirs.get("/v1/containers").json().path("data").isEmpty()).isTrue();
      assertThat(theirs.get("/v1/files").json().path("data").isEmpty()).isTrue();
      assertThat(theirs.delete("/v1/containers/" + container).status()).isEqualTo(404);
      assertThat(
              theirs
                  .message(
                      "{\"model\":\"caisson-direct\",\"max_tokens\":1,\"container\":\""
                          + container
                          + "\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")
                  .status())
          .isEqualTo(404);
      assertThat(mine.get("/v1/containers/" + container).status()).isEqualTo(200);

      caisson.engine().keys().revoke(key.id());
      assertThat(theirs.get("/v1/containers").status()).isEqualTo(401);
    }
  }

  /**
   * Of two clocks that run alike, each is ahead half of the time. Pairs in turns, because a machine
   * is busy for moments; a difference of a fifth of the usual scatter moves the share by 0.05.
   */
  @ParameterizedTest
  @ValueSource(strings = {"", "/cells", "/files/tmp"})
  void aForeignIdTakesNoOtherTimeThanAnUnknownOne(String below, @TempDir Path directory) {
    try (RunningCaisson caisson = RunningCaisson.over(directory).start()) {
      String foreign = "/v1/containers/" + RawHttp.of(caisson).container() + below;
      OrganizationId other = caisson.engine().organizations().create("other");
      RawHttp theirs =
          new RawHttp(caisson.url(), caisson.engine().keys().create(other, "other").text());
      int longer = 0;
      for (int i = -WARM_UP; i < PAIRS; i++) {
        String unknown = "/v1/containers/" + ContainerId.next() + below;
        boolean foreignFirst = i % 2 == 0;
        long first = nanos(theirs, foreignFirst ? foreign : unknown);
        long second = nanos(theirs, foreignFirst ? unknown : foreign);
        boolean foreignLonger = foreignFirst == first > second;
        longer += i >= 0 && foreignLonger ? 1 : 0;
      }
      assertThat(longer / (double) PAIRS).isBetween(0.42, 0.58);
    }
  }

  private static long nanos(RawHttp http, String path) {
    long start = System.nanoTime();
    assertThat(http.get(path).status()).isEqualTo(404);
    return System.nanoTime() - start;
  }
}
