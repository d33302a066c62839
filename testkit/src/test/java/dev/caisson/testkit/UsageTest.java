package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.RunId;
import dev.caisson.domain.Tariff;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What requests to a running server are billed, as their organization sees it. */
class UsageTest {
  private static final long MINIMUM = 300_000;

  @TempDir static Path directory;
  static RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;

  /** Of an organization of the test's own. */
  private RawHttp http;

  private OrganizationId organization;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson =
        RunningCaisson.over(directory)
            .upstream(upstream)
            .clock(clock)
            // A quarter of an hour is free, which is three requests.
            .engine(engine ->
                engine.withTariff(Tariff.DEFAULT.withFreePerMonth(Duration.ofMinutes(15))))
            .start();
  }

  @AfterAll
  static void stop() {
    caisson.close();
    upstream.close();
  }

  @BeforeEach
  void open() {
    upstream.reset();
    organization = caisson.engine().organizations().create("test " + System.nanoTime());
    http = new RawHttp(caisson.url(), caisson.engine().keys().create(organization, "usage").text());
  }

  @AfterEach
  void theLedgerIsIntact() {
    JsonNode found = http.get("/v1/usage/verification").json();
    assertThat(found.path("intact").asBoolean()).as(Json.write(found)).isTrue();
    assertThat(found.path("rows").asInt()).isEqualTo(rows().size());
  }

  @Test
  void aCellHasItsRowWhenItsReplyIsThere() {
    String container = http.container();
    RawHttp.Answer ran =
        http.post(
            "/v1/containers/" + container + "/cells", "{\"language\":\"bash\",\"code\":\"true\"}");
    JsonNode row = onlyRow();
    assertThat(row.path("request_id").asString()).isEqualTo(ran.header("request-id"));
    assertThat(row.path("api_key_id").asString()).startsWith("key_");
    assertThat(row.path("organization_id").asString()).isEqualTo(organization.value());
    assertThat(row.path("container_id").asString()).isEqualTo(container);
    assertThat(row.path("cells").asInt()).isEqualTo(1);
    assertThat(row.path("tool_ran").asBoolean()).isTrue();
    assertThat(row.path("preload_ms").asLong()).as("a sandbox was opened").isPositive();
    assertThat(row.path("rule").asString()).isEqualTo("request_minimum");
    assertThat(row.path("billed_ms").asLong()).isEqualTo(MINIMUM);
    assertThat(row.path("free_ms").asLong()).isEqualTo(MINIMUM);
    assertThat(row.path("amount").asString()).isEqualTo("0.000000");
    assertThat(row.at("/tariff/dollars_per_hour").asString()).isEqualTo("0.05");
    assertThat(row.path("hash").asString()).matches("[0-9a-f]{64}");
  }

  @Test
  void aMessageIsOneRowForAllItsCells() {
    RawHttp.Answer reply = direct("```python\nprint(1)\n```\n```bash\necho 2\n```", "");
    JsonNode row = onlyRow();
    assertThat(row.path("request_id").asString()).isEqualTo(reply.header("request-id"));
    assertThat(row.path("container_id")).isEqualTo(reply.json().at("/container/id"));
    assertThat(row.path("cells").asInt()).isEqualTo(2);
    assertThat(row.path("billed_ms").asLong()).isEqualTo(MINIMUM);
    assertThat(row.path("without_reuse_ms").asLong()).isEqualTo(2 * MINIMUM);
  }

  @Test
  void aStreamedMessageHasItsRowBeforeItsEnd() {
    RawHttp.Answer reply = direct("```python\nprint(1)\n```", "\"stream\":true,");
    assertThat(reply.text()).contains("message_stop");
    assertThat(onlyRow().path("cells").asInt()).isEqualTo(1);
  }

  @Test
  void aMessageWithoutContainerAndOneThatFailsHaveNoRow() {
    assertThat(direct("no code", "").status()).isEqualTo(200);
    upstream.answer(500, Map.of(), "{}");
    RawHttp.Answer failed = http.message(Json.write(request("go", upload())));
    assertThat(failed.status()).isGreaterThanOrEqualTo(500);
    assertThat(rows()).isEmpty();
  }

  @Test
  void filesThatAreBroughtAreBilledThoughTheToolIsNotCalled() {
    upstream.reply(ModelReply.saying("no need to run anything"));
    assertThat(http.message(Json.write(request("look at it", upload()))).status()).isEqualTo(200);
    JsonNode row = onlyRow();
    assertThat(row.path("rule").asString()).isEqualTo("attached_files");
    assertThat(row.path("tool_ran").asBoolean(true)).isFalse();
    assertThat(row.path("attached_files").asInt()).isEqualTo(1);
    assertThat(row.path("attached_bytes").asInt()).isEqualTo(4);
    JsonNode idle = http.get("/v1/usage/explanation").json().path("brought_files_and_ran_nothing");
    assertThat(idle.path("requests").asInt()).isEqualTo(1);
    assertThat(idle.path("billed_ms").asLong()).isEqualTo(MINIMUM);
  }

  @ParameterizedTest
  @CsvSource({
    "web_search_20260209, web_search, web_tool_exemption",
    "web_fetch_20260309, web_fetch, web_tool_exemption",
    "web_search_20250305, web_search, request_minimum",
    "web_fetch_20250910, web_fetch, request_minimum",
  })
  void besideAWebToolOfTheseVersionsNothingIsBilled(String type, String name, String rule) {
    ObjectNode request = request("```bash\ntrue\n```", Json.array());
    request.put("model", "caisson-direct");
    request.withArray("tools").addObject().put("type", type).put("name", name);
    assertThat(http.message(Json.write(request)).status()).isEqualTo(200);
    JsonNode row = onlyRow();
    assertThat(row.path("rule").asString()).isEqualTo(rule);
    assertThat(row.path("billed_ms").asLong())
        .isEqualTo(rule.equals("request_minimum") ? MINIMUM : 0);
  }

  @Test
  void codeThatWaitsForTheClientIsOneRequestToTheBill() {
    String tools =
        "\"tools\":[{\"type\":\"code_execution_20260120\",\"name\":\"code_execution\"},"
            + "{\"name\":\"look\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"},"
            + "\"allowed_callers\":[\"code_execution_20260120\"]}],";
    String ask = "{\"role\":\"user\",\"content\":\"```python\\nprint(await look({}))\\n```\"}";
    JsonNode paused =
        http.message(
                "{\"model\":\"caisson-direct\",\"max_tokens\":9,"
                    + tools
                    + "\"messages\":["
                    + ask
                    + "]}")
            .json();
    assertThat(paused.path("stop_reason").asString()).isEqualTo("tool_use");
    assertThat(onlyRow().path("billed_ms").asLong()).isEqualTo(MINIMUM);
    String answer =
        "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\""
            + paused.at("/content/1/id").asString()
            + "\",\"content\":\"x\"}]}";
    RawHttp.Answer ended =
        http.message(
            "{\"model\":\"caisson-direct\",\"max_tokens\":9,\"container\":\""
                + paused.at("/container/id").asString()
                + "\","
                + tools
                + "\"messages\":["
                + ask
                + ",{\"role\":\"assistant\",\"content\":"
                + Json.write(paused.path("content"))
                + "},"
                + answer
                + "]}");
    assertThat(ended.json().path("stop_reason").asString()).as(ended.text()).isEqualTo("end_turn");
    assertThat(rows()).hasSize(2);
    JsonNode second = rows().getFirst();
    assertThat(second.path("request_id").asString()).isEqualTo(ended.header("request-id"));
    assertThat(second.path("billed_ms").asLong()).isZero();
    assertThat(second.path("billed_with")).isEqualTo(rows().getLast().path("request_id"));
  }

  @Test
  void theCellsOfARunAreOneRequestToTheBill() {
    String container = http.container();
    String run = RunId.next().value();
    for (int i = 0; i < 2; i++) {
      http.post(
          "/v1/containers/" + container + "/cells",
          "{\"language\":\"bash\",\"code\":\"true\",\"run_id\":\"" + run + "\"}");
    }
    assertThat(rows()).extracting(row -> row.path("run_id").asString()).containsExactly(run, run);
    assertThat(billed()).containsExactly(0L, MINIMUM);
    RawHttp.Answer wrong =
        http.post(
            "/v1/containers/" + container + "/cells",
            "{\"language\":\"bash\",\"code\":\"true\",\"run_id\":\"mine\"}");
    assertThat(wrong.status()).isEqualTo(400);
    assertThat(wrong.error()).startsWith("run_id: ");
  }

  @Test
  void everyRequestOfABatchIsBilledToTheKeyOfTheBatch() {
    String params =
        "{\"model\":\"caisson-direct\",\"max_tokens\":9,\"tools\":["
            + "{\"type\":\"code_execution_20250825\",\"name\":\"code_execution\"}],"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"```bash\\ntrue\\n```\"}]}";
    RawHttp.Answer made =
        http.post(
            "/v1/messages/batches",
            "{\"requests\":[{\"custom_id\":\"a\",\"params\":"
                + params
                + "},{\"custom_id\":\"b\",\"params\":"
                + params
                + "}]}",
            "anthropic-version",
            "2023-06-01");
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    String path = "/v1/messages/batches/" + made.json().path("id").asString();
    Awaitility.await()
        .until(() ->
            http.get(path, "anthropic-version", "2023-06-01")
                .json()
                .path("processing_status")
                .asString()
                .equals("ended"));
    assertThat(billed()).containsExactly(MINIMUM, MINIMUM);
    assertThat(rows()).extracting(row -> row.path("api_key_id").isString()).containsOnly(true);
  }

  @Test
  void daysAddUpToTheBillAndFreeHoursCostNothing() {
    String container = http.container();
    clock.advance(Duration.ofDays(1));
    Instant first = clock.instant();
    for (int i = 0; i < 3; i++) {
      http.cell(container, "bash", "true");
    }
    clock.advance(Duration.ofDays(1));
    http.cell(container, "bash", "true");
    String asked = "/v1/organizations/cost_report?starting_at=" + first.minus(Duration.ofDays(1));
    JsonNode report = http.get(asked + "&group_by[]=description").json();
    JsonNode days = report.path("data");
    assertThat(days.size()).isEqualTo(3);
    assertThat(report.path("has_more").asBoolean(true)).isFalse();
    assertThat(days.at("/0/results").size()).isZero();
    assertThat(days.at("/0/ending_at")).isEqualTo(days.at("/1/starting_at"));
    assertThat(days.at("/1/starting_at").asString()).endsWith("T00:00:00Z");
    JsonNode free = days.at("/1/results/0");
    assertThat(free.path("amount").asString()).isEqualTo("0.000000");
    assertThat(free.path("currency").asString()).isEqualTo("USD");
    assertThat(free.path("cost_type").asString()).isEqualTo("code_execution");
    assertThat(free.path("description").asString()).isEqualTo("Code Execution Usage");
    assertThat(free.has("workspace_id") && free.path("workspace_id").isNull()).isTrue();
    // Over the end of a month the free time begins anew.
    String second = days.at("/2/results/0/amount").asString();
    boolean sameMonth =
        days.at("/1/starting_at")
            .asString()
            .substring(0, 7)
            .equals(days.at("/2/starting_at").asString().substring(0, 7));
    assertThat(second).isEqualTo(sameMonth ? "0.416666" : "0.000000");
    assertThat(rows().getFirst().path("month_amount").asString()).isEqualTo(second);

    JsonNode part = http.get(asked + "&limit=2").json();
    assertThat(part.path("data").size()).isEqualTo(2);
    assertThat(part.path("has_more").asBoolean()).isTrue();
    JsonNode rest = http.get(asked + "&limit=2&page=" + part.path("next_page").asString()).json();
    assertThat(rest.at("/data/0")).isEqualTo(days.get(2));
    assertThat(rest.path("next_page").isNull()).isTrue();
  }

  @Test
  void anExplanationAddsUp() {
    String container = http.container();
    direct("```python\nprint(1)\n```\n```bash\necho 2\n```", "");
    http.cell(container, "bash", "true");
    http.cell(container, "bash", "true");
    JsonNode all = http.get("/v1/usage/explanation").json();
    assertThat(all.path("requests").asInt()).isEqualTo(3);
    assertThat(all.path("cells").asInt()).isEqualTo(4);
    assertThat(all.path("containers").asInt()).isEqualTo(2);
    assertThat(all.path("billed_ms").asLong()).isEqualTo(3 * MINIMUM);
    assertThat(all.path("used_ms").asLong() + all.path("added_by_minimum_ms").asLong())
        .isEqualTo(3 * MINIMUM);
    assertThat(all.at("/would_be/minimum_per_request_ms").asLong()).isEqualTo(3 * MINIMUM);
    assertThat(all.at("/would_be/minimum_per_container_ms").asLong()).isEqualTo(2 * MINIMUM);
    assertThat(all.at("/would_be/without_reuse_ms").asLong()).isEqualTo(4 * MINIMUM);
    assertThat(all.at("/rules/0/rule").asString()).isEqualTo("request_minimum");
    JsonNode one = http.get("/v1/usage/explanation?container_id=" + container).json();
    assertThat(one.path("requests").asInt()).isEqualTo(2);
    JsonNode none = http.get("/v1/usage/explanation?ending_at=2001-01-01T00:00:00Z").json();
    assertThat(none.path("requests").asInt(-1)).isZero();
    assertThat(none.path("amount").asString()).isEqualTo("0");
  }

  @Test
  void oneOrganizationSeesNothingOfAnother() {
    String container = http.container();
    http.cell(container, "bash", "true");
    RawHttp other = RawHttp.of(caisson);
    assertThat(other.get("/v1/usage?container_id=" + container).json().path("data").size())
        .isZero();
    assertThat(
            other
                .get("/v1/usage/explanation?container_id=" + container)
                .json()
                .path("requests")
                .asInt(-1))
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/usage?starting_at=yesterday",
        "/v1/usage?ending_at=+1000000000-01-01T00:00:00Z",
        "/v1/usage?ending_at=-0001-01-01T00:00:00Z",
        "/v1/usage?starting_at=2026-11-01",
        "/v1/usage?container_id=x",
        "/v1/usage?limit=0",
        "/v1/usage?limit=1001",
        "/v1/usage?page=page_zzz",
        "/v1/usage/explanation?starting_at=%00",
        "/v1/organizations/cost_report",
        "/v1/organizations/cost_report?starting_at=2026-13-01T00:00:00Z",
        "/v1/organizations/cost_report?starting_at=2026-11-02T00:00:00Z&ending_at=2026-11-01T00:00:00Z",
        "/v1/organizations/cost_report?starting_at=2026-11-02T00:00:00Z&bucket_width=1h",
        "/v1/organizations/cost_report?starting_at=2026-11-02T00:00:00Z&group_by[]=model",
        "/v1/organizations/cost_report?starting_at=2026-11-02T00:00:00Z&limit=32",
        "/v1/organizations/cost_report?starting_at=2026-11-02T00:00:00Z&page=page_x",
        "/v1/organizations/cost_report?starting_at=2026-11-02T00:00:00Z&page=page_cost99999999",
      })
  void garbageIsRefused(String path) {
    RawHttp.Answer answer =
        http.get(path.replace("[", "%5B").replace("]", "%5D").replace("+", "%2B"));
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("invalid_request_error");
  }

  private JsonNode upload() {
    JsonNode file =
        new MultipartForm().file("file", "a.txt", "text").post(http, "/v1/files").json();
    return Json.array()
        .add(
            Json.object()
                .put("type", "container_upload")
                .put("file_id", file.path("id").asString()));
  }

  private static ObjectNode request(String text, JsonNode blocks) {
    ObjectNode request = Json.object().put("model", "scripted-model").put("max_tokens", 99);
    request
        .putArray("tools")
        .addObject()
        .put("type", "code_execution_20250825")
        .put("name", "code_execution");
    ObjectNode message = request.putArray("messages").addObject().put("role", "user");
    message.putArray("content").addObject().put("type", "text").put("text", text);
    blocks.forEach(block -> message.withArray("content").add(block));
    return request;
  }

  private RawHttp.Answer direct(String text, String more) {
    ObjectNode request = request(text, Json.array()).put("model", "caisson-direct");
    return http.message(Json.write(request).replaceFirst("\\{", "{" + more));
  }

  private JsonNode onlyRow() {
    assertThat(rows()).hasSize(1);
    return rows().getFirst();
  }

  private List<Long> billed() {
    return rows().stream().map(row -> row.path("billed_ms").asLong()).toList();
  }

  /** Newest first, in two parts at least when there are two. */
  private List<JsonNode> rows() {
    List<JsonNode> rows = new ArrayList<>();
    JsonNode page = http.get("/v1/usage?limit=1").json();
    page.path("data").forEach(rows::add);
    while (page.path("next_page").isString()) {
      page = http.get("/v1/usage?limit=1&page=" + page.path("next_page").asString()).json();
      page.path("data").forEach(rows::add);
    }
    return rows;
  }
}
