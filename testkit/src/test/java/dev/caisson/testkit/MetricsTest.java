package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator's Prometheus sees, and who else does not. */
class MetricsTest {
  private static final Pattern ID =
      Pattern.compile("(container|cell|file|org|key|req|msgbatch|skill)_[0-9A-Za-z]{8,}");

  @Test
  void countsWhatHappensAndNamesNobody(@TempDir Path directory) {
    try (RunningCaisson caisson = RunningCaisson.over(directory).start()) {
      RawHttp http = RawHttp.of(caisson);
      String container = http.container();
      http.container();
      http.cell(container, "bash", "printf 12345 > $OUTPUT_DIR/x");
      http.cell(container, "bash", "exit 3");
      http.post(
          "/v1/containers/" + container + "/cells",
          "{\"language\":\"python\",\"code\":\"while True: pass\",\"timeout_seconds\":0.1}");
      http.get("/v1/containers/container_0");
      http.get("/nowhere/" + container);
      http.call("BREW", "/v1/files", new byte[0]);
      http.call("GET", "/v1/files", new byte[0], "x-api-key", "wrong");

      RawHttp.Answer answer = http.get("/metrics");
      assertThat(answer.header("content-type")).startsWith("text/plain; version=0.0.4");
      String text = answer.text();
      assertThat(value(text, "caisson_containers{state=\"idle\"}")).isEqualTo(1);
      assertThat(value(text, "caisson_containers{state=\"created\"}")).isEqualTo(1);
      assertThat(value(text, "caisson_containers{state=\"warm\"}")).isZero();
      assertThat(cells(text, "bash", "completed", "")).isEqualTo(1);
      assertThat(cells(text, "bash", "completed", "error")).isEqualTo(1);
      assertThat(cells(text, "python", "timed_out", "")).isEqualTo(1);
      assertThat(value(text, "caisson_cell_seconds_count{language=\"bash\"}")).isEqualTo(2);
      assertThat(value(text, "caisson_cell_queue_seconds_count")).isEqualTo(3);
      assertThat(value(text, "caisson_sandbox_open_seconds_count")).isPositive();
      assertThat(value(text, "caisson_sandboxes{state=\"idle\"}")).isEqualTo(1);
      assertThat(value(text, "caisson_cells_under_way")).isZero();
      assertThat(value(text, "caisson_stored_bytes")).isEqualTo(5);
      assertThat(value(text, "caisson_disk_free_bytes")).isPositive();
      assertThat(value(text, "jvm_memory_used_bytes{area=\"heap\"}")).isPositive();
      assertThat(requests(text, "GET", "/v1/containers/{id}", 404)).isEqualTo(1);
      assertThat(requests(text, "POST", "/v1/containers/{id}/cells", 200)).isEqualTo(3);
      assertThat(requests(text, "GET", "other", 404)).isEqualTo(1);
      // Before it is known who asks, it does not matter for what.
      assertThat(requests(text, "GET", "other", 401)).isEqualTo(1);
      assertThat(text).contains("method=\"other\"").doesNotContain("BREW", "nowhere");
      assertThat(ID.matcher(text).results()).isEmpty();
    }
  }

  @Test
  void tellsOnlyCallersOfThisMachineUnlessATokenIsSet(@TempDir Path directory) {
    try (RunningCaisson caisson = RunningCaisson.over(directory).start()) {
      RawHttp http = RawHttp.of(caisson);
      for (String header : new String[] {"x-forwarded-for", "forwarded", "via", "x-real-ip"}) {
        RawHttp.Answer refused = http.get("/metrics", header, "127.0.0.1");
        assertThat(refused.status()).as(header).isEqualTo(403);
        assertThat(refused.text()).doesNotContain("caisson_cells");
      }
    }
    try (RunningCaisson caisson =
        RunningCaisson.over(directory)
            .server(settings -> settings.withMetricsToken(Optional.of("secret")))
            .start()) {
      RawHttp http = RawHttp.of(caisson);
      assertThat(http.get("/metrics").status()).isEqualTo(401);
      assertThat(http.get("/metrics", "authorization", "Bearer wrong").status()).isEqualTo(401);
      assertThat(http.get("/metrics", "authorization", "Bearer " + http.key()).status())
          .isEqualTo(401);
      assertThat(
              http.get("/metrics", "authorization", "Bearer secret", "x-forwarded-for", "1.2.3.4")
                  .status())
          .isEqualTo(200);
    }
  }

  private static double cells(String text, String language, String outcome, String reason) {
    return value(
        text,
        "caisson_cells_total{language=\"%s\",outcome=\"%s\",reason=\"%s\"}"
            .formatted(language, outcome, reason));
  }

  private static double requests(String text, String method, String route, int status) {
    return value(
        text,
        "caisson_http_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"}"
            .formatted(method, route, status));
  }

  private static double value(String text, String series) {
    Matcher matcher =
        Pattern.compile("^" + Pattern.quote(series) + " (\\S+)$", Pattern.MULTILINE).matcher(text);
    assertThat(matcher.find()).as(series + " in\n" + text).isTrue();
    return Double.parseDouble(matcher.group(1));
  }
}
