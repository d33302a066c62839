package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Variables over a stop and over kill -9 of a real server. */
@Tag("slow")
class RestartedStateTest {
  @TempDir Path directory;

  @Test
  void variablesOutliveAStopAndAreNeverStaleAfterAKill() {
    String container;
    try (CaissonProcess first = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(first.url(), first.key());
      container = http.post("/v1/containers", "{}").json().path("id").asString();
      http.cell(container, "python", "x = 1\ndef next(): return x + 1\nopen('/tmp/kept', 'w')");
    }
    CaissonProcess second = CaissonProcess.start(directory, Map.of());
    try {
      RawHttp http = new RawHttp(second.url(), second.key());
      JsonNode cell = http.cell(container, "python", "print(next())\nx = 2");
      assertThat(cell.path("stdout").asString()).isEqualTo("2\n");
      assertThat(cell.path("stderr").asString()).isEmpty();
    } finally {
      second.kill();
    }
    try (CaissonProcess third = CaissonProcess.start(directory, Map.of())) {
      RawHttp http = new RawHttp(third.url(), third.key());
      JsonNode cell = http.cell(container, "python", "print(globals().get('x', 'gone'))");
      // The sandbox may have had the time to save it after its server was gone.
      if (cell.path("stdout").asString().equals("gone\n")) {
        assertThat(cell.path("stderr").asString())
            .startsWith("interpreter_lost: the variables of earlier cells are lost: ");
      } else {
        assertThat(cell.path("stdout").asString()).isEqualTo("2\n");
        assertThat(cell.path("stderr").asString()).isEmpty();
      }
    }
  }
}
