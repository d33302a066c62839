package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.testkit.CompatibilityTable.Verdict;
import dev.caisson.wire.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@link CompatibilityTest} sees of files, skills, batches, models, errors and the headers of
 * requests.
 */
final class ObjectObservations {
  static final List<String> SECTIONS =
      List.of(
          "Files",
          "Files, with anthropic-beta: files-api-2025-04-14",
          "Skills",
          "Skills, with anthropic-beta: skills-2025-10-02",
          "Message batches",
          "Models and token counts",
          "Errors",
          "Headers of a request");

  private static final String[] NO_BETA = {"anthropic-version", "2023-06-01"};
  private static final String[] FILES_BETA = {
    "anthropic-version", "2023-06-01", "anthropic-beta", "files-api-2025-04-14"
  };
  private static final String[] SKILLS_BETA = {
    "anthropic-version", "2023-06-01", "anthropic-beta", "skills-2025-10-02"
  };

  private final RawHttp http;
  private final ScriptedUpstream upstream;
  private final CompatibilityTable table;

  ObjectObservations(RawHttp http, ScriptedUpstream upstream, CompatibilityTable table) {
    this.http = http;
    this.upstream = upstream;
    this.table = table;
  }

  void all() {
    files(SECTIONS.get(0), NO_BETA);
    files(SECTIONS.get(1), FILES_BETA);
    skills(SECTIONS.get(2), NO_BETA);
    skills(SECTIONS.get(3), SKILLS_BETA);
    batches();
    models();
    errors();
    requestHeaders();
  }

  private void files(String section, String[] headers) {
    boolean beta = headers.length > NO_BETA.length;
    JsonNode made =
        json(
            new MultipartForm()
                .file("file", "a.txt", "text")
                .field("expires_in_seconds", "3600")
                .post(http, "/v1/files", headers));
    fields(
        section,
        "file.",
        made,
        "id",
        "type",
        "filename",
        "mime_type",
        "size_bytes",
        "created_at",
        "downloadable",
        beta ? "scope" : "expires_at");
    table.add(
        section,
        "upload: expires_in_seconds",
        beta || made.path("expires_at").isString() ? Verdict.SUPPORTED : Verdict.NOT_SENT,
        "");
    fields(
        section,
        "list.",
        json(http.get("/v1/files?limit=1", headers)),
        beta
            ? new String[] {"data", "has_more", "first_id", "last_id"}
            : new String[] {"data", "next_page"});
    String id = made.path("id").asString();
    json(new MultipartForm().file("file", "b.txt", "text").post(http, "/v1/files", headers));
    String page =
        json(http.get("/v1/files?limit=1", headers)).path("next_page").asStringOpt().orElse("");
    for (String query :
        beta
            ? List.of("limit=1", "after_id=" + id, "before_id=" + id, "scope_id=x")
            : List.of("limit=1", "page=" + page, "ids[]=" + id)) {
      taken(
          section,
          "list?" + query.substring(0, query.indexOf('=')),
          http.get("/v1/files?" + query.replace("[]", "%5B%5D"), headers));
    }
    RawHttp.Answer download = http.get("/v1/files/" + id + "/content", headers);
    assertThat(download.status()).isEqualTo(400);
    table.add(section, "content of an upload", Verdict.REFUSED, "as the contract says: 400");
    fields(
        section,
        "deleted.",
        json(http.call("DELETE", "/v1/files/" + id, new byte[0], headers)),
        "id",
        "type");
  }

  private void skills(String section, String[] headers) {
    boolean beta = headers.length > NO_BETA.length;
    JsonNode skill =
        json(
            new MultipartForm()
                .field(beta ? "display_title" : "display_name", "Greeter")
                .file("files[]", "greet/SKILL.md", skillText("one"))
                .post(http, "/v1/skills", headers));
    fields(
        section,
        "skill.",
        skill,
        beta
            ? new String[] {
              "id", "type", "display_title", "latest_version", "source", "created_at", "updated_at"
            }
            : new String[] {
              "id",
              "type",
              "display_name",
              "latest_version_id",
              "source",
              "created_at",
              "updated_at"
            });
    String path = "/v1/skills/" + skill.path("id").asString();
    JsonNode version =
        json(
            new MultipartForm()
                .file("files[]", "greet/SKILL.md", skillText("two"))
                .post(http, path + "/versions", headers));
    fields(
        section,
        "version.",
        version,
        beta
            ? new String[] {
              "id", "type", "skill_id", "name", "description", "directory", "version", "created_at"
            }
            : new String[] {"id", "type", "skill_id", "name", "description", "created_at"});
    fields(
        section,
        "list.",
        json(http.get("/v1/skills?limit=1", headers)),
        beta ? new String[] {"data", "has_more", "next_page"} : new String[] {"data", "next_page"});
    taken(section, "list?source", http.get("/v1/skills?source=custom", headers));
    JsonNode versions = json(http.get(path + "/versions", headers));
    assertThat(versions.path("data").size()).isEqualTo(2);
    String newest = beta ? version.path("version").asString() : version.path("id").asString();
    RawHttp.Answer content = http.get(path + "/versions/" + newest + "/content", headers);
    table.add(
        section,
        "content of a version",
        content.status() == 200 ? Verdict.SUPPORTED : Verdict.REFUSED,
        content.status() == 200 ? "a zip" : content.error());
    if (beta) {
      for (JsonNode one : versions.path("data")) {
        http.call(
            "DELETE", path + "/versions/" + one.path("version").asString(), new byte[0], headers);
      }
    }
    fields(
        section, "deleted.", json(http.call("DELETE", path, new byte[0], headers)), "id", "type");
  }

  private static String skillText(String text) {
    return "---\nname: greet\ndescription: Says hello.\n---\n" + text;
  }

  private void batches() {
    String section = SECTIONS.get(4);
    upstream.reset();
    upstream.otherwise(_ -> ModelReply.saying("ok"));
    ObjectNode body = Json.object();
    for (String name : List.of("good", "bad")) {
      ObjectNode one = body.withArray("requests").addObject().put("custom_id", name);
      ObjectNode params = one.putObject("params").put("model", "scripted-model");
      params.put("max_tokens", name.equals("good") ? 10 : -1);
      params.putArray("messages").addObject().put("role", "user").put("content", "go");
    }
    JsonNode made = json(http.post("/v1/messages/batches", Json.write(body), NO_BETA));
    fields(
        section,
        "batch.",
        made,
        "id",
        "type",
        "processing_status",
        "request_counts",
        "created_at",
        "expires_at",
        "ended_at",
        "cancel_initiated_at",
        "archived_at",
        "results_url");
    fields(
        section,
        "batch.request_counts.",
        made.path("request_counts"),
        "processing",
        "succeeded",
        "errored",
        "canceled",
        "expired");
    String path = "/v1/messages/batches/" + made.path("id").asString();
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            json(http.get(path, NO_BETA)).path("processing_status").asString().equals("ended"));
    String results = http.get(path + "/results", NO_BETA).text();
    for (String type : List.of("succeeded", "errored")) {
      table.add(
          section,
          "result: " + type,
          results.contains("\"type\":\"" + type + "\"") ? Verdict.SUPPORTED : Verdict.NOT_SENT,
          "");
    }
    fields(
        section,
        "list.",
        json(http.get("/v1/messages/batches?limit=1", NO_BETA)),
        "data",
        "has_more",
        "first_id",
        "last_id");
    fields(
        section, "deleted.", json(http.call("DELETE", path, new byte[0], NO_BETA)), "id", "type");
  }

  private void models() {
    String section = SECTIONS.get(5);
    fields(
        section,
        "model.",
        json(http.get("/v1/models/caisson-direct", NO_BETA)),
        "id",
        "type",
        "display_name",
        "created_at",
        "max_input_tokens",
        "max_tokens",
        "capabilities");
    fields(
        section,
        "list.",
        json(http.get("/v1/models?limit=1", NO_BETA)),
        "data",
        "has_more",
        "first_id",
        "last_id");
    fields(
        section,
        "count_tokens.",
        json(
            http.post(
                "/v1/messages/count_tokens",
                "{\"model\":\"caisson-direct\","
                    + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                NO_BETA)),
        "input_tokens");
  }

  private void errors() {
    error("malformed JSON", http.post("/v1/containers", "{"), 400);
    error("no key", http.get("/v1/files", "x-api-key", ""), 401);
    error("unknown object", http.get("/v1/files/file_nobodyHasThis000000000"), 404);
    error("unknown route", http.get("/v1/nothing"), 404);
    error("wrong method", http.put("/v1/messages", new byte[] {1}), 405);
    error("body over the limit", http.message(" ".repeat(3 << 20)), 413);
    for (Map.Entry<String, Integer> status :
        Map.of(
                "upstream: billing", 402,
                "upstream: permission", 403,
                "upstream: rate limit", 429,
                "upstream: server error", 500,
                "upstream: overloaded", 529)
            .entrySet()) {
      upstream.reset();
      upstream.answer(
          status.getValue(),
          Map.of("retry-after", "7"),
          "{\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"why\"}}");
      RawHttp.Answer answer = http.message(plain());
      error(status.getKey(), answer, status.getValue());
      assertThat(answer.header("retry-after")).isEqualTo("7");
    }
    upstream.reset();
    upstream.otherwise(_ -> ModelReply.saying("ok"));
  }

  private void error(String name, RawHttp.Answer answer, int status) {
    assertThat(answer.status()).as(name + ": " + answer.text()).isEqualTo(status);
    JsonNode envelope = answer.json();
    assertThat(envelope.path("type").asString()).isEqualTo("error");
    assertThat(envelope.path("request_id").asString()).isEqualTo(answer.header("request-id"));
    table.add(
        SECTIONS.get(6),
        name,
        Verdict.SUPPORTED,
        status + " `" + envelope.at("/error/type").asString() + "`");
  }

  private void requestHeaders() {
    String section = SECTIONS.get(7);
    String key = http.key();
    taken(
        section,
        "authorization: Bearer",
        http.get("/v1/files", "x-api-key", "", "authorization", "Bearer " + key));
    taken(section, "x-api-key", http.get("/v1/files"));
    taken(section, "anthropic-version", http.message(plain()));
    RawHttp.Answer without = http.post("/v1/messages", plain());
    assertThat(without.status()).isEqualTo(400);
    table.add(section, "no anthropic-version", Verdict.REFUSED, without.error());
    for (String beta :
        List.of(
            "code-execution-2025-05-22",
            "code-execution-2025-08-25",
            "advanced-tool-use-2025-11-20",
            "files-api-2025-04-14",
            "skills-2025-10-02",
            "message-threads-2026-08-12",
            "made-up-2020-01-01")) {
      taken(
          section,
          "anthropic-beta: " + beta,
          http.post(
              "/v1/messages", plain(), "anthropic-version", "2023-06-01", "anthropic-beta", beta));
    }
    ObjectNode threaded = (ObjectNode) Json.parse(plain(), "request");
    threaded.putObject("thread").put("type", "create");
    RawHttp.Answer thread = http.message(Json.write(threaded));
    assertThat(thread.json().at("/error/details/error_code").asString())
        .isEqualTo("thread_unsupported_request");
    table.add(
        section,
        "thread (a field of the body)",
        Verdict.REFUSED,
        "`thread_unsupported_request`: the SDKs' tool runners go on without");
  }

  private static String plain() {
    return "{\"model\":\"scripted-model\",\"max_tokens\":10,"
        + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  }

  private void taken(String section, String name, RawHttp.Answer answer) {
    assertThat(answer.status()).as(name + ": " + answer.text()).isBetween(200, 499);
    boolean good = answer.status() == 200;
    table.add(
        section, name, good ? Verdict.SUPPORTED : Verdict.REFUSED, good ? "" : answer.error());
  }

  private void fields(String section, String prefix, JsonNode object, String... names) {
    assertThat(object.isObject()).isTrue();
    Arrays.stream(names)
        .forEach(name ->
            table.add(
                section,
                prefix + name,
                object.has(name) ? Verdict.SUPPORTED : Verdict.NOT_SENT,
                ""));
  }

  private static JsonNode json(RawHttp.Answer answer) {
    assertThat(answer.status())
        .as(new String(answer.bytes(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    return answer.json();
  }
}
