package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.OrganizationId;
import dev.caisson.engine.Keys;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One organization sees nothing of another, and a revoked key nothing at all. */
class TenancyTest {
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
}
