package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.wire.Json;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The server's description of itself: all of its routes, and nothing that is not so. */
class OpenApiTest {
  private static final String[] BETA = {
    "anthropic-beta", "files-api-2025-04-14,skills-2025-10-02", "anthropic-version", "2023-06-01"
  };

  @Test
  void describesEveryRouteAndEveryRouteIsAsDescribed(@TempDir Path directory) {
    try (RunningCaisson caisson = RunningCaisson.over(directory).start()) {
      OpenApiDocument document = OpenApiDocument.of(caisson.url());
      Set<String> routes =
          caisson.routes().stream()
              .map(route -> route.replace('<', '{').replace('>', '}'))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(document.operations()).isEqualTo(routes);
      assertThat(new Tour(caisson, document).seen()).isEqualTo(routes);
    }
  }

  @Test
  void everyReferenceLeadsSomewhereAndEveryOperationHasItsOwnId(@TempDir Path directory) {
    try (RunningCaisson caisson = RunningCaisson.over(directory).start()) {
      JsonNode json = OpenApiDocument.of(caisson.url()).json();
      assertThat(json.path("openapi").asString()).isEqualTo("3.1.0");
      String text = Json.write(json);
      assertThat(Pattern.compile("\"\\$ref\":\"#([^\"]+)\"").matcher(text).results())
          .hasSizeGreaterThan(50)
          .allSatisfy(reference ->
              assertThat(json.at(reference.group(1)).isMissingNode())
                  .as(reference.group(1))
                  .isFalse());
      List<String> ids =
          Pattern.compile("\"operationId\":\"([^\"]+)\"")
              .matcher(text)
              .results()
              .map(result -> result.group(1))
              .toList();
      assertThat(ids).doesNotHaveDuplicates();
      assertThat(ids).hasSameSizeAs(OpenApiDocument.of(caisson.url()).operations());
    }
  }

  @Test
  void noticesAReplyThatIsNotAsDescribed(@TempDir Path directory) {
    try (RunningCaisson caisson = RunningCaisson.over(directory).start()) {
      RawHttp http = RawHttp.of(caisson);
      OpenApiDocument document = OpenApiDocument.of(caisson.url());
      String path = "/v1/containers/" + http.container();
      RawHttp.Answer good = http.get(path);
      document.check("GET", path, good);
      ObjectNode more = (ObjectNode) good.json();
      ObjectNode less = (ObjectNode) good.json();
      ObjectNode other = (ObjectNode) good.json();
      more.put("unheard_of", 1);
      less.remove("image");
      other.put("status", "asleep");
      for (ObjectNode bad : List.of(more, less, other)) {
        assertThatThrownBy(() -> document.check("GET", path, answer(200, bad)))
            .isInstanceOf(AssertionError.class);
      }
      assertThatThrownBy(() -> document.check("GET", path, answer(204, more)))
          .hasMessageContaining("is not described");
    }
  }

  private static RawHttp.Answer answer(int status, JsonNode body) {
    HttpHeaders headers =
        HttpHeaders.of(Map.of("content-type", List.of("application/json")), (name, value) -> true);
    return new RawHttp.Answer(status, headers, Json.bytes(body));
  }

  /** Calls every route so that it succeeds. */
  private static final class Tour {
    private final RawHttp http;
    private final OpenApiDocument document;
    private final Set<String> seen = new TreeSet<>();

    Tour(RunningCaisson caisson, OpenApiDocument document) {
      this.http = RawHttp.of(caisson);
      this.document = document;
    }

    Set<String> seen() {
      operations();
      containers();
      files();
      skills();
      messages();
      usage();
      return seen;
    }

    private void operations() {
      for (String path : List.of("/healthz", "/readyz", "/openapi.json", "/metrics")) {
        go("GET", path, "");
      }
      go("GET", "/v1/images/default", "");
    }

    private void containers() {
      String id = go("POST", "/v1/containers", "{\"labels\":{\"a\":\"b\"}}").path("id").asString();
      String path = "/v1/containers/" + id;
      JsonNode cell =
          go(
              "POST",
              path + "/cells",
              "{\"language\":\"bash\",\"code\":\"echo x > $OUTPUT_DIR/made.txt\"}");
      go("POST", path + "/cells", "{\"language\":\"python\",\"code\":\"1/0\",\"stream\":true}");
      go(
          "POST",
          path + "/cells",
          "{\"language\":\"bash\",\"code\":\"sleep 9\",\"timeout_seconds\":0.1}");
      go("POST", path + "/fork", "{\"labels\":{}}");
      go("POST", path + "/rebuild", "{\"labels\":{\"a\":\"b\"}}");
      go("POST", path + "/rebuild", "{\"stream\":true}");
      go("GET", path + "/cells?limit=1", "");
      go("GET", path + "/cells/" + cell.path("id").asString(), "");
      go("PUT", path + "/files/tmp/x", "content");
      go("HEAD", path + "/files/tmp/x", "");
      go("GET", path + "/files/tmp/x", "");
      go("GET", path + "/files/tmp/x", "", "range", "bytes=0-1");
      go("GET", path + "/files?path=/tmp", "");
      go("DELETE", path + "/files/tmp/x", "");
      go("GET", path, "");
      go("GET", "/v1/containers", "");
      go("DELETE", path, "");
      go("GET", path, "");
      go("GET", "/v1/files/" + cell.at("/outputs/0/file_id").asString() + "/content", "");
    }

    private void files() {
      for (String[] headers : new String[][] {{}, BETA}) {
        RawHttp.Answer made =
            new MultipartForm().file("file", "a.txt", "a").post(http, "/v1/files", headers);
        saw("POST", "/v1/files", made);
        go("GET", "/v1/files", "", headers);
        String path = "/v1/files/" + made.json().path("id").asString();
        go("GET", path, "", headers);
        go("DELETE", path, "", headers);
      }
      go("GET", "/v1/files?ids[]=file_0".replace("[", "%5B").replace("]", "%5D"), "");
    }

    private void skills() {
      for (String[] headers : new String[][] {{}, BETA}) {
        RawHttp.Answer made = skill("/v1/skills", headers);
        String path = "/v1/skills/" + made.json().path("id").asString();
        RawHttp.Answer next = skill(path + "/versions", headers);
        String version = next.json().path(headers.length == 0 ? "id" : "version").asString();
        go("GET", "/v1/skills", "", headers);
        go("GET", path, "", headers);
        go("GET", path + "/versions", "", headers);
        go("GET", path + "/versions/" + version, "", headers);
        go("GET", path + "/versions/" + version + "/content", "", headers);
        go("DELETE", path + "/versions/" + version, "", headers);
        if (headers.length == 0) {
          go("DELETE", path, "");
        }
      }
    }

    private RawHttp.Answer skill(String path, String... headers) {
      RawHttp.Answer made =
          new MultipartForm()
              .file("files[]", "s/SKILL.md", "---\nname: s\ndescription: d\n---\n")
              .post(http, path, headers);
      saw("POST", path, made);
      return made;
    }

    private void messages() {
      String message =
          "{\"model\":\"caisson-direct\",\"max_tokens\":9,"
              + "\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"code_execution\"}],"
              + "\"messages\":[{\"role\":\"user\",\"content\":\"```bash\\ntrue\\n```\"}]}";
      go("POST", "/v1/messages", message, BETA);
      go("POST", "/v1/messages", message.replaceFirst("\\{", "{\"stream\":true,"), BETA);
      go("POST", "/v1/messages/count_tokens", message.replace("\"max_tokens\":9,", ""), BETA);
      go("GET", "/v1/models", "");
      go("GET", "/v1/models/caisson-direct", "");
      String batches = "/v1/messages/batches";
      JsonNode made =
          go(
              "POST",
              batches,
              "{\"requests\":[{\"custom_id\":\"a\",\"params\":" + message + "}]}",
              BETA);
      String batch = batches + "/" + made.path("id").asString();
      Awaitility.await()
          .until(() -> go("GET", batch, "").path("processing_status").asString().equals("ended"));
      go("GET", batches, "");
      go("GET", batch + "/results", "");
      go("POST", batch + "/cancel", "");
      go("DELETE", batch, "");
    }

    private void usage() {
      go("GET", "/v1/usage?limit=2", "");
      go("GET", "/v1/usage/explanation", "");
      go("GET", "/v1/usage/verification", "");
      String today = Instant.now().truncatedTo(ChronoUnit.DAYS).toString();
      go("GET", "/v1/organizations/cost_report?starting_at=" + today, "");
    }

    private JsonNode go(String method, String target, String body, String... headers) {
      RawHttp.Answer answer =
          http.call(method, target, body.getBytes(StandardCharsets.UTF_8), headers);
      saw(method, target, answer);
      return answer.header("content-type").equals("application/json") && !method.equals("HEAD")
          ? answer.json()
          : Json.object();
    }

    private void saw(String method, String target, RawHttp.Answer answer) {
      assertThat(answer.status())
          .as(method + " " + target + " " + answer.text())
          .isBetween(200, 299);
      document.check(method, target, answer).ifPresent(seen::add);
    }
  }
}
