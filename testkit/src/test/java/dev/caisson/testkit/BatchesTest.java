package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.models.messages.CodeExecutionTool20250825;
import com.anthropic.models.messages.batches.BatchCreateParams;
import com.anthropic.models.messages.batches.BatchListParams;
import com.anthropic.models.messages.batches.MessageBatch;
import com.anthropic.models.messages.batches.MessageBatchIndividualResponse;
import dev.caisson.domain.OrganizationId;
import dev.caisson.wire.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Message batches through the official SDK, and what time, stops and nonsense do to them. */
class BatchesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String ROUTE = "/v1/messages/batches";

  private final RunningCaisson.HandClock clock = new RunningCaisson.HandClock();

  @TempDir Path directory;
  private ScriptedUpstream upstream;
  private RunningCaisson caisson;
  private AnthropicClient sdk;
  private RawHttp http;

  @BeforeEach
  void start() {
    upstream = ScriptedUpstream.start();
    caisson =
        RunningCaisson.over(directory)
            .clock(clock)
            .upstream(upstream)
            .messages(settings -> settings.withBatchParallelism(2))
            .start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
    http = RawHttp.of(caisson);
  }

  @AfterEach
  void stop() {
    sdk.close();
    caisson.close();
    upstream.close();
  }

  @Test
  void aBatchRunsToItsEndAndGivesItsResults() {
    MessageBatch made =
        sdk.messages()
            .batches()
            .create(
                BatchCreateParams.builder()
                    .addRequest(direct("one", "```bash\necho $((6 * 7))\n```"))
                    .addRequest(direct("two", "no code at all"))
                    .addRequest(
                        BatchCreateParams.Request.builder()
                            .customId("broken")
                            .params(
                                BatchCreateParams.Request.Params.builder()
                                    .model("caisson-direct")
                                    .maxTokens(1)
                                    .container("container_none")
                                    .addUserMessage("x")
                                    .build())
                            .build())
                    .build());
    made.validate();
    assertThat(made.id()).startsWith("msgbatch_");
    assertThat(Duration.between(made.createdAt(), made.expiresAt())).isEqualTo(Duration.ofDays(1));

    MessageBatch ended = awaitEnd(made.id());
    assertThat(ended.requestCounts().succeeded()).isEqualTo(2);
    assertThat(ended.requestCounts().errored()).isEqualTo(1);
    assertThat(ended.requestCounts().processing()).isZero();
    assertThat(ended.resultsUrl()).contains(caisson.url() + ROUTE + "/" + made.id() + "/results");

    List<MessageBatchIndividualResponse> results = results(made.id());
    results.subList(1, 3).forEach(MessageBatchIndividualResponse::validate);
    assertThat(results).extracting(r -> r.customId()).containsExactly("one", "two", "broken");
    assertThat(
            results
                .getFirst()
                .result()
                .asSucceeded()
                .message()
                .content()
                .get(1)
                .asBashCodeExecutionToolResult()
                .content()
                .asBashCodeExecutionResultBlock()
                .stdout())
        .isEqualTo("42\n");
    assertThat(results.getLast().result().asErrored().error().error().asNotFoundError().message())
        .contains("container_none");
  }

  @Test
  void listsArePagedThroughAndEndedBatchesAreDeleted() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      made.addFirst(create("{'custom_id':'a','params':{}}").path("id").asString());
    }
    assertThat(
            sdk
                .messages()
                .batches()
                .list(BatchListParams.builder().limit(2).build())
                .autoPager()
                .stream()
                .map(MessageBatch::id))
        .isEqualTo(made);
    JsonNode back = http.get(ROUTE + "?limit=1&before_id=" + made.get(2)).json();
    assertThat(back.at("/data/0/id").asString()).isEqualTo(made.get(1));
    for (String id : made) {
      awaitEnd(id);
      assertThat(sdk.messages().batches().delete(id).id()).isEqualTo(id);
      assertThat(http.get(ROUTE + "/" + id).status()).isEqualTo(404);
    }
  }

  @Test
  void cancelStopsWhatHasNotBegunAndInterruptsWhatRuns() {
    upstream.hang().hang();
    String id =
        create(request("a"), request("b"), request("c"), request("d")).path("id").asString();
    await().atMost(PATIENCE).until(() -> upstream.received().size() == 2);
    assertThat(http.delete(ROUTE + "/" + id).status()).isEqualTo(400);
    RawHttp.Answer early = http.get(ROUTE + "/" + id + "/results");
    assertThat(early.status()).isEqualTo(404);
    assertThat(early.error()).contains("has no results yet");

    MessageBatch canceling = sdk.messages().batches().cancel(id);
    assertThat(canceling.cancelInitiatedAt()).isPresent();
    MessageBatch ended = awaitEnd(id);
    assertThat(ended.requestCounts().canceled()).isEqualTo(4);
    assertThat(results(id)).allMatch(result -> result.result().isCanceled());
    assertThat(upstream.received()).hasSize(2);
    assertThat(sdk.messages().batches().cancel(id).endedAt()).isEqualTo(ended.endedAt());
  }

  @Test
  void aLargeBatchDoesNotHoldUpAnother() {
    upstream.hang();
    create(request("held"), request("held2"), direct("slow"));
    await().atMost(PATIENCE).until(() -> !upstream.received().isEmpty());
    String small = create(direct("quick")).path("id").asString();
    assertThat(awaitEnd(small).requestCounts().succeeded()).isEqualTo(1);
  }

  @Test
  void whatHasNotEndedWithinADayExpires() {
    upstream.hang().hang();
    String id = create(request("a"), request("b"), request("c")).path("id").asString();
    await().atMost(PATIENCE).until(() -> upstream.received().size() == 2);
    clock.advance(Duration.ofHours(24));
    caisson.engine().sweep();
    MessageBatch ended = awaitEnd(id);
    assertThat(ended.requestCounts().expired()).isEqualTo(3);
    assertThat(results(id)).allMatch(result -> result.result().isExpired());

    clock.advance(Duration.ofDays(28).plusSeconds(1));
    caisson.engine().sweep();
    MessageBatch archived = sdk.messages().batches().retrieve(id);
    assertThat(archived.archivedAt()).isPresent();
    assertThat(archived.resultsUrl()).isEmpty();
    assertThat(archived.requestCounts().expired()).isEqualTo(3);
    assertThat(http.get(ROUTE + "/" + id + "/results").error()).contains("no results any more");
  }

  @Test
  void anUpstreamThatIsTooBusyIsAskedAgainAndARefusalIsNot() {
    String error = "{\"error\":{\"message\":\"said so\"}}";
    upstream
        .answer(429, Map.of("retry-after", "0"), error)
        .answer(529, Map.of("retry-after", "0"), error)
        .reply(ModelReply.saying("at last"))
        .answer(400, Map.of(), error);
    String first = create(request("a")).path("id").asString();
    assertThat(awaitEnd(first).requestCounts().succeeded()).isEqualTo(1);
    String second = create(request("b")).path("id").asString();
    assertThat(awaitEnd(second).requestCounts().errored()).isEqualTo(1);
    assertThat(
            results(second)
                .getFirst()
                .result()
                .asErrored()
                .error()
                .error()
                .asInvalidRequestError()
                .message())
        .contains("said so");
    assertThat(upstream.received()).hasSize(4);
  }

  @Test
  void aRequestThatRanWhenTheServerStoppedIsErroredAndTheRestRuns() {
    upstream.hang().hang();
    String id = create(request("a"), request("b"), direct("c")).path("id").asString();
    await().atMost(PATIENCE).until(() -> upstream.received().size() == 2);
    sdk.close();
    caisson.close();
    caisson = RunningCaisson.over(directory).clock(clock).upstream(upstream).start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
    http = RawHttp.of(caisson);
    MessageBatch ended = awaitEnd(id);
    assertThat(ended.requestCounts().errored()).isEqualTo(2);
    assertThat(ended.requestCounts().succeeded()).isEqualTo(1);
    assertThat(results(id).getFirst().result().asErrored().error().error().asApiError().message())
        .startsWith("server_restart: ");
    assertThat(upstream.received()).hasSize(2);
  }

  @Test
  void aBodyThatIsNoneIsRefusedAndLeavesNothing() {
    Map<String, String> bodies =
        Map.ofEntries(
            Map.entry("", "request body: empty"),
            Map.entry("[]", "request body: Input should be an object"),
            Map.entry("{}", "requests: Field required"),
            Map.entry("{'requests':7}", "requests: Input should be a valid list"),
            Map.entry("{'requests':[]}", "requests: at least one"),
            Map.entry("{'requests':[7]}", "requests.0: Input should be an object"),
            Map.entry("{'requests':[{}]}", "requests.0.custom_id: Field required"),
            Map.entry("{'requests':[{'custom_id':'a'}]}", "requests.0.params: Field required"),
            Map.entry(
                "{'requests':[{'custom_id':'a','params':7}]}",
                "requests.0.params: Input should be an object"),
            Map.entry(
                "{'requests':[{'custom_id':'a','params':{'stream':true}}]}",
                "requests.0.params.stream: "),
            Map.entry(
                "{'requests':[{'custom_id':'','params':{}}]}",
                "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"),
            Map.entry(
                "{'requests':[{'custom_id':'" + "x".repeat(65) + "','params':{}}]}",
                "requests.0.custom_id: "),
            Map.entry(
                "{'requests':[{'custom_id':'a','params':{}},{'custom_id':'a','params':{}}]}",
                "requests.1.custom_id: 'a' is that of requests.0"),
            Map.entry(
                "{'requests':[{'custom_id':'a','params':{},'x':1}]}",
                "requests.0.x: Extra inputs are not permitted"),
            Map.entry(
                "{'requests':[{'custom_id':'a','params':{'x':'\\udc80'}}]}", "requests.0.params: "),
            Map.entry("{'x':[]}", "x: Extra inputs are not permitted"),
            Map.entry("{'requests':[{'custom_id':'a','params':{}}", "request body: not valid JSON"),
            Map.entry(
                "{'requests':[{'custom_id':'a','params':{}}]} x", "request body: not valid JSON"),
            Map.entry("[".repeat(5000), "request body: "),
            Map.entry(
                "{'requests':[{'custom_id':'a','params':" + "[".repeat(5000),
                "request body: JSON over a limit"));
    bodies.forEach((body, message) -> {
      RawHttp.Answer answer = post(body.replace('\'', '"'));
      assertThat(answer.status()).as(body + answer.text()).isEqualTo(400);
      assertThat(answer.error().replace('"', '\'')).as(body).startsWith(message);
    });
    byte[] notUtf8 = "{\"requests\":[{\"custom_id\":\"ü\"}]}".getBytes(StandardCharsets.ISO_8859_1);
    RawHttp.Answer answer = http.call("POST", ROUTE, notUtf8, "anthropic-version", "2023-06-01");
    assertThat(answer.error()).isEqualTo("request body: not valid UTF-8");
    assertThat(http.post(ROUTE, "{}").error()).contains("anthropic-version");
    assertThat(http.get(ROUTE).json().path("data").isEmpty()).isTrue();
  }

  @Test
  @Tag("slow")
  void aHundredThousandRequestsAreTakenAndOneMoreIsNot() {
    upstream.hang().hang();
    StringBuilder body = new StringBuilder("{\"requests\":[");
    for (int i = 0; i < 100_000; i++) {
      body.append(i == 0 ? "" : ",").append(request("r" + i));
    }
    RawHttp.Answer more = post(body + "," + request("more") + "]}");
    assertThat(more.status()).isEqualTo(400);
    assertThat(more.error()).isEqualTo("requests: at most 100000 requests");
    assertThat(http.get(ROUTE).json().path("data").isEmpty()).isTrue();

    RawHttp.Answer made = post(body + "]}");
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    String id = made.json().path("id").asString();
    assertThat(made.json().at("/request_counts/processing").asInt()).isEqualTo(100_000);
    sdk.messages().batches().cancel(id);
    assertThat(awaitEnd(id).requestCounts().canceled()).isEqualTo(100_000);
    assertThat(http.delete(ROUTE + "/" + id).status()).isEqualTo(200);
  }

  @Test
  void unknownAndForeignBatchesAreNotFound() {
    String mine = create(direct("a")).path("id").asString();
    OrganizationId other = caisson.engine().organizations().create("other");
    RawHttp theirs = new RawHttp(caisson.url(), caisson.engine().keys().create(other, "k").text());
    for (String id : List.of("msgbatch_none", "x", mine)) {
      String path = ROUTE + "/" + id;
      for (RawHttp.Answer answer :
          List.of(
              theirs.get(path),
              theirs.get(path + "/results"),
              theirs.post(path + "/cancel", ""),
              theirs.delete(path))) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(404);
      }
    }
    assertThat(theirs.get(ROUTE).json().path("data").isEmpty()).isTrue();
    assertThat(theirs.get(ROUTE + "?after_id=" + mine).status()).isEqualTo(400);
    awaitEnd(mine);
  }

  private MessageBatch awaitEnd(String id) {
    await()
        .atMost(PATIENCE)
        .until(() -> sdk.messages().batches().retrieve(id).endedAt().isPresent());
    return sdk.messages().batches().retrieve(id);
  }

  private List<MessageBatchIndividualResponse> results(String id) {
    try (StreamResponse<MessageBatchIndividualResponse> results =
        sdk.messages().batches().resultsStreaming(id)) {
      return results.stream().toList();
    }
  }

  private JsonNode create(String... requests) {
    RawHttp.Answer answer =
        post("{\"requests\":[" + String.join(",", requests).replace('\'', '"') + "]}");
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private RawHttp.Answer post(String body) {
    return http.post(ROUTE, body, "anthropic-version", "2023-06-01");
  }

  /** A request that asks the upstream. */
  private static String request(String customId) {
    return Json.write(
        Json.parse(
            "{\"custom_id\":\""
                + customId
                + "\",\"params\":{\"model\":\"m\",\"max_tokens\":1,"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}}",
            "request"));
  }

  /** A request that needs nobody. */
  private static String direct(String customId) {
    return request(customId).replace("\"m\"", "\"caisson-direct\"");
  }

  private static BatchCreateParams.Request direct(String customId, String text) {
    return BatchCreateParams.Request.builder()
        .customId(customId)
        .params(
            BatchCreateParams.Request.Params.builder()
                .model("caisson-direct")
                .maxTokens(1)
                .addTool(CodeExecutionTool20250825.builder().build())
                .addUserMessage(text)
                .build())
        .build();
  }
}
