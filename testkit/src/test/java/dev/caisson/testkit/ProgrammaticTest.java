package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caisson.engine.CallLimits;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Programmatic tool calling, with a scripted model behind the running server. */
class ProgrammaticTest {
  private static final Duration ANSWER = Duration.ofSeconds(3);

  @TempDir static Path directory;
  static RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson =
        RunningCaisson.over(directory)
            .upstream(upstream)
            .clock(clock)
            .engine(engine ->
                engine
                    .withLimits(
                        engine
                            .limits()
                            .withCellLimit(Duration.ofSeconds(2))
                            .withInterruptGrace(Duration.ofMillis(300)))
                    .withCalls(new CallLimits(ANSWER, Duration.ofSeconds(8))))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
    upstream.close();
  }

  @BeforeEach
  void forget() {
    upstream.reset();
  }

  @ParameterizedTest
  @CsvSource({
    "code_execution_20250825, code_execution_20250825",
    "code_execution_20260120, code_execution_20260120",
    "code_execution_20260521, code_execution_20260120",
  })
  void codePausesForTheClientAndGoesOn(String version, String caller) {
    upstream
        .reply(python("import json\nfor i in range(2):\n  print(json.loads(await look({'n': i})))"))
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation(version, "look");
    JsonNode first = talk.send();
    assertThat(types(first)).containsExactly("text", "server_tool_use", "tool_use");
    assertThat(first.path("stop_reason").asString()).isEqualTo("tool_use");
    assertThat(first.at("/container/id").asString()).startsWith("container_");
    assertThat(first.at("/usage/input_tokens").asInt()).isEqualTo(10);
    JsonNode use = first.at("/content/2");
    assertThat(use.path("id").asString()).startsWith("toolu_");
    assertThat(use.path("name").asString()).isEqualTo("look");
    assertThat(Json.write(use.path("input"))).isEqualTo("{\"n\":0}");
    assertThat(use.path("caller"))
        .isEqualTo(
            Json.object().put("type", caller).put("tool_id", first.at("/content/1/id").asString()));

    JsonNode second = talk.answer("[1]").send();
    assertThat(types(second)).containsExactly("tool_use");
    assertThat(second.path("stop_reason").asString()).isEqualTo("tool_use");
    assertThat(second.at("/container/id")).isEqualTo(first.at("/container/id"));
    assertThat(second.at("/usage/input_tokens").asInt(-1)).isZero();
    assertThat(second.at("/usage/output_tokens").asInt(-1)).isZero();
    assertThat(upstream.received()).hasSize(1);

    JsonNode third = talk.answer("[2]").send();
    assertThat(types(third)).containsExactly("code_execution_tool_result", "text");
    assertThat(third.at("/content/0/tool_use_id")).isEqualTo(first.at("/content/1/id"));
    assertThat(third.at("/content/0/content/stdout").asString()).isEqualTo("[1]\n[2]\n");
    assertThat(third.at("/content/0/content/stderr").asString()).isEmpty();
    assertThat(third.at("/content/0/content/return_code").asInt(-1)).isZero();
    assertThat(third.path("stop_reason").asString()).isEqualTo("end_turn");
    assertThat(upstream.received()).hasSize(2);
    // What the tools have said is for the code alone.
    JsonNode sent = upstream.received().getLast().body().path("messages");
    assertThat(sent).hasSize(3);
    assertThat(sent.at("/1/content/1/name").asString()).isEqualTo("code_execution");
    assertThat(sent.at("/2/content/0/content").asString()).contains("[1]\\n[2]\\n");
  }

  @Test
  void callsAtOnceAreOnePause() {
    upstream
        .reply(
            python(
                """
                import asyncio
                print(await asyncio.gather(look({'n': 1}), find({'n': 2}), look({'n': 3})))
                """))
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look", "find");
    JsonNode paused = talk.send();
    assertThat(types(paused))
        .containsExactly("text", "server_tool_use", "tool_use", "tool_use", "tool_use");
    JsonNode ended = talk.answer("a", "b", "c").send();
    assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("['a', 'b', 'c']\n");
  }

  @Test
  void theModelHearsOfToolsWhereItHearsOfTheCode() {
    for (String version : List.of("code_execution_20250825", "code_execution_20260521")) {
      upstream.reset();
      upstream.reply(ModelReply.saying("ok"));
      Conversation talk = new Conversation(version, "look", "find");
      ((ObjectNode) talk.tool("find")).putArray("allowed_callers").add("direct").add(talk.caller);
      talk.send();
      JsonNode tools = upstream.received().getFirst().body().path("tools");
      assertThat(tools.valueStream().map(tool -> tool.path("name").asString()))
          .containsExactly(
              "bash_code_execution", "text_editor_code_execution", "code_execution", "find");
      assertThat(tools.at("/2/description").asString())
          .contains("Runs Python 3 code", "await name({", "3 seconds")
          .contains("### look\nLooks things up.\nInput, as a JSON schema: {\"type\":\"object\"")
          .contains("### find");
      assertThat(tools.get(3).has("allowed_callers")).isFalse();
    }
  }

  @Test
  void variablesStayWhileTheInterpreterDoes() {
    upstream
        .reply(python("text = await look({})"))
        .reply(ModelReply.saying("kept"))
        .reply(python("print(text)"))
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    talk.send();
    talk.answer("value").send();
    JsonNode later = talk.say("and now?").send();
    assertThat(later.at("/content/2/content/stdout").asString()).isEqualTo("value\n");
  }

  @Test
  void on20250825EachCallIsAProcessOfItsOwn() {
    upstream
        .reply(python("text = await look({})"))
        .reply(python("print(text)"))
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20250825", "look");
    talk.send();
    JsonNode ended = talk.answer("value").send();
    assertThat(ended.at("/content/3/content/stderr").asString())
        .contains("NameError: name 'text' is not defined");
  }

  @Test
  void aFailedToolIsAnException() {
    upstream.reply(python("await look({})")).reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    talk.send();
    talk.answer("no such table");
    talk.lastResult().put("is_error", true);
    JsonNode ended = talk.send();
    assertThat(ended.at("/content/0/content/stderr").asString())
        .endsWith("RuntimeError: no such table\n");
    assertThat(ended.at("/content/0/content/return_code").asInt()).isEqualTo(1);
  }

  @Test
  void theSameRequestAgainHasTheSameOutcome() {
    upstream
        .reply(
            python(
                """
                with open('/tmp/runs', 'a') as runs: runs.write(await look({'n': 1}))
                await look({'n': 2})
                print(open('/tmp/runs').read())
                """))
        .reply(ModelReply.saying("one"))
        .reply(ModelReply.saying("two"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    talk.send();
    talk.answer("once");
    JsonNode second = talk.peek();
    assertThat(talk.peek().path("content")).isEqualTo(second.path("content"));
    talk.send();
    talk.answer("again");
    JsonNode ended = talk.peek();
    assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("once\n");
    JsonNode repeated = talk.peek();
    assertThat(repeated.at("/content/0")).isEqualTo(ended.at("/content/0"));
    assertThat(repeated.at("/content/1/text").asString()).isEqualTo("two");
  }

  @Test
  void whenTheModelFailsAfterTheCodeTheSameRequestFindsTheResult() {
    upstream
        .reply(python("await look({})\nopen('/tmp/runs', 'a').write('x')\nprint('ran')"))
        .answer(529, Map.of(), "{}")
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    String container = talk.send().at("/container/id").asString();
    RawHttp.Answer failed = http.message(Json.write(talk.answer("found").request));
    assertThat(failed.status()).isEqualTo(529);
    assertThat(failed.header("x-should-retry")).isEqualTo("false");
    JsonNode ended = talk.send();
    assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("ran\n");
    assertThat(ended.at("/content/1/text").asString()).isEqualTo("done");
    assertThat(http.cell(container, "bash", "cat /tmp/runs").path("stdout").asString())
        .isEqualTo("x");
  }

  @Test
  void aMixedTurnRunsTheCodeAfterTheClientsOwnTool() {
    upstream
        .reply(
            ModelReply.of()
                .call("toolu_d", "ask", Json.object())
                .call("toolu_c", "code_execution", code("print(await look({}))"))
                .build())
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    talk.direct("ask");
    JsonNode first = talk.send();
    assertThat(types(first)).containsExactly("tool_use", "server_tool_use");
    assertThat(first.at("/content/0/caller/type").asString()).isEqualTo("direct");
    JsonNode paused = talk.answer("yes").send();
    assertThat(types(paused)).containsExactly("tool_use");
    assertThat(paused.at("/content/0/caller/tool_id").asString()).isEqualTo("srvtoolu_c");
    JsonNode ended = talk.answer("found").send();
    assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("found\n");
    JsonNode sent = upstream.received().getLast().body().path("messages");
    assertThat(
            sent.at("/2/content").valueStream().map(block -> block.path("tool_use_id").asString()))
        .containsExactlyInAnyOrder("toolu_d", "toolu_c");
  }

  @Test
  void severalCallsOfOneTurnPauseInOrder() {
    upstream
        .reply(
            ModelReply.of()
                .call("toolu_1", "code_execution", code("print(await look({'n': 1}))"))
                .call("toolu_2", "code_execution", code("print(await look({'n': 2}))"))
                .call("toolu_3", "bash_code_execution", Json.object().put("command", "echo 3"))
                .build())
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    assertThat(types(talk.send()))
        .containsExactly("server_tool_use", "server_tool_use", "server_tool_use", "tool_use");
    assertThat(types(talk.answer("a").send()))
        .containsExactly("code_execution_tool_result", "tool_use");
    JsonNode ended = talk.answer("b").send();
    assertThat(types(ended))
        .containsExactly("code_execution_tool_result", "bash_code_execution_tool_result", "text");
    assertThat(ended.at("/content/0/tool_use_id").asString()).isEqualTo("srvtoolu_2");
    assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("b\n");
    assertThat(ended.at("/content/1/content/stdout").asString()).isEqualTo("3\n");
  }

  @Test
  void theWaitIsBoundedAndDoesNotEatTheCellLimit() {
    upstream
        .reply(
            python(
                """
                try: await look({})
                except TimeoutError as late: print(late)
                print(await look({}))
                while True: pass
                """))
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    JsonNode first = talk.send();
    talk.answer("too late");
    // What is refused names the call that the code waits for: the first one, until it gives up.
    String id = first.at("/content/2/id").asString();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> !talk.refused(Map.of("messages", talk.forged())).contains("of [" + id));
    JsonNode second = talk.send();
    assertThat(types(second)).containsExactly("tool_use");
    JsonNode ended = talk.answer("in time").send();
    JsonNode result = ended.at("/content/0/content");
    assertThat(result.path("stdout").asString())
        .isEqualTo("Calling tool ['look'] timed out (no response after 3s).\nin time\n");
    // Three seconds of waiting are more than the limit of two: only the loop at the end is over it.
    assertThat(result.path("stderr").asString())
        .contains("detection_timeout", "the interpreter and its variables survive");
    assertThat(result.path("return_code").asInt()).isEqualTo(124);
  }

  @Test
  void aWholeInvocationThatIsTooLongIsAnError() {
    upstream
        .reply(
            python(
                """
                while True:
                    try: await look({})
                    except TimeoutError: pass
                """))
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    String container = talk.send().at("/container/id").asString();
    talk.answer("late");
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            http.get("/v1/containers/" + container + "/cells").json().path("data").size() == 1);
    JsonNode ended = talk.send();
    assertThat(ended.at("/content/0/content"))
        .isEqualTo(
            Json.object()
                .put("type", "code_execution_tool_result_error")
                .put("error_code", "execution_time_exceeded"));
  }

  @Test
  void manyConversationsWaitAtOnce(@TempDir Path own) throws Exception {
    Map<String, Future<String>> results = new LinkedHashMap<>();
    try (RunningCaisson patient = RunningCaisson.over(own).start();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      CyclicBarrier allWait = new CyclicBarrier(12);
      for (int i = 0; i < 12; i++) {
        String name = "client" + i;
        results.put(name, clients.submit(() -> hearBack(RawHttp.of(patient), name, allWait)));
      }
      for (Map.Entry<String, Future<String>> result : results.entrySet()) {
        assertThat(result.getValue().get(60, TimeUnit.SECONDS))
            .isEqualTo(result.getKey() + " " + result.getKey() + "\n");
      }
    }
  }

  /** What code prints that heard a name twice, the second time when all others have paused too. */
  private static String hearBack(RawHttp client, String name, CyclicBarrier allWait)
      throws Exception {
    Conversation talk = new Conversation("code_execution_20260120", "look");
    talk.client = client;
    talk.request.put("model", "caisson-direct");
    talk.say("```python\nfirst = await look({})\nprint(first, await look({}))\n```");
    talk.send();
    talk.answer(name).send();
    allWait.await(30, TimeUnit.SECONDS);
    return talk.answer(name).send().at("/content/0/content/stdout").asString();
  }

  @Test
  void whatTheClientGetsWrongIsSaidAndChangesNothing() {
    upstream.reply(python("print(await look({}))")).reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    String container = talk.send().at("/container/id").asString();
    talk.answer("good");
    assertThat(talk.refused(Map.of("container", "")))
        .isEqualTo(
            "container_id is required when there are pending tool uses generated by code execution"
                + " with tools.");
    assertThat(talk.refused(Map.of("container", http.container())))
        .startsWith("container: no code of `srvtoolu_");
    assertThat(talk.refused(Map.of("tools", "[]"))).contains("no code execution tool was provided");
    assertThat(
            talk.refused(
                Map.of(
                    "tools",
                    "[{\"type\":\"code_execution_20250522\",\"name\":\"code_execution\"}]")))
        .contains("cannot go on with code_execution_20250522");
    assertThat(talk.refused(Map.of("messages", talk.forged())))
        .startsWith("the code waits for results of");
    assertThat(talk.send().at("/content/0/content/stdout").asString()).isEqualTo("good\n");
    assertThat(http.get("/v1/containers/" + container + "/cells").json().path("data")).hasSize(1);
  }

  @Test
  void aStreamedPauseIsMadeOfOrdinaryEvents() throws Exception {
    upstream.reply(python("await look({})\nawait look({'n': 2})"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    JsonNode paused = talk.send();
    talk.answer("one").request.put("stream", true);
    try (EventSocket stream = EventSocket.message(caisson, talk.request)) {
      List<JsonNode> events =
          stream.rest().stream()
              .filter(event -> !event.name().equals("ping"))
              .map(EventSocket.Event::json)
              .toList();
      assertThat(events)
          .extracting(event -> event.path("type").asString())
          .containsExactly(
              "message_start",
              "content_block_start",
              "content_block_delta",
              "content_block_stop",
              "message_delta",
              "message_stop");
      assertThat(events.get(0).at("/message/content")).isEmpty();
      assertThat(events.get(0).at("/message/container").isMissingNode()).isTrue();
      assertThat(events.get(1).at("/content_block/caller/tool_id"))
          .isEqualTo(paused.at("/content/1/id"));
      assertThat(events.get(1).at("/content_block/input")).isEmpty();
      assertThat(events.get(2).at("/delta/partial_json").asString()).isEqualTo("{\"n\":2}");
      assertThat(events.get(4).at("/delta/stop_reason").asString()).isEqualTo("tool_use");
      assertThat(events.get(4).at("/delta/container/id")).isEqualTo(paused.at("/container/id"));
      assertThat(events.get(4).at("/usage/output_tokens").asInt(-1)).isZero();
    }
  }

  @Test
  void whatIsWrongWithAStreamedAnswerIsAnOrdinaryError() {
    upstream.reply(python("await look({})"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    talk.send();
    talk.answer("one").request.put("stream", true);
    assertThat(talk.refused(Map.of("messages", talk.forged())))
        .startsWith("the code waits for results of");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[1]", "{'a':", "\\xff\\xfe", "", "NaN"})
  void inputsThatCodeForgesReachNoClient(String input) {
    upstream
        .reply(
            python(
                """
                import os, struct, time
                body = b"\\x04look" + b"%s"
                frame = struct.pack("!IB", len(body) + 1, 1) + body + struct.pack("!IB", 1, 2)
                for fd in range(3, 32):
                    try: link = os.readlink("/proc/self/fd/%%d" %% fd)
                    except OSError: continue
                    if link.startswith("socket:"):
                        try: print(os.write(fd, frame) == len(frame))
                        except OSError: pass
                time.sleep(0.3)
                """
                    .formatted(input)))
        .reply(ModelReply.saying("done"));
    Conversation talk = new Conversation("code_execution_20250825", "look");
    JsonNode reply = talk.send();
    assertThat(types(reply))
        .containsExactly("text", "server_tool_use", "code_execution_tool_result", "text");
    assertThat(reply.at("/content/2/content/stdout").asString()).contains("True");
    assertThat(reply.at("/content/2/content/return_code").asInt(-1)).isZero();
  }

  @Test
  void whatTheGuidePromisesIsShownHere() {
    upstream.reply(ModelReply.saying("ok"));
    new Conversation("code_execution_20260120", "look").send();
    String guide = upstream.received().getFirst().body().at("/tools/2/description").asString();
    // Each of these is what a test of this class, or of ProgrammaticSdkTest, shows.
    assertThat(guide.substring(guide.indexOf("The code can call")).lines())
        .filteredOn(line -> line.startsWith("- "))
        .extracting(line -> line.substring(0, 30))
        .containsExactly(
            "- `await` works at the top lev",
            "- Calls that do not need each ",
            "- Results of tools reach you o",
            "- A tool that fails raises Run",
            "- Time that the code waits for");
  }

  @Test
  void codeThatWaitsInADeletedContainerIsGone() {
    upstream.reply(python("print(await look({}))"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    String container = talk.send().at("/container/id").asString();
    assertThat(http.delete("/v1/containers/" + container).status()).isEqualTo(200);
    RawHttp.Answer answer = http.message(Json.write(talk.answer("late").request));
    assertThat(answer.status()).isEqualTo(404);
  }

  @Test
  void codeThatWaitsInAnExpiredContainerIsSaidToBeExpired() {
    upstream.reply(python("print(await look({}))"));
    Conversation talk = new Conversation("code_execution_20260120", "look");
    talk.send();
    clock.advance(Duration.ofDays(31));
    JsonNode reply = talk.answer("late").send();
    assertThat(types(reply)).containsExactly("code_execution_tool_result");
    assertThat(reply.at("/content/0/tool_use_id").asString()).startsWith("srvtoolu_");
    assertThat(reply.at("/content/0/content/error_code").asString()).isEqualTo("container_expired");
    assertThat(reply.path("stop_reason").asString()).isEqualTo("end_turn");
    assertThat(upstream.received()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"code_execution_20250825", "code_execution_20260521"})
  void theDirectModelPausesToo(String version) {
    Conversation talk = new Conversation(version, "look");
    talk.request.put("model", "caisson-direct");
    talk.say(
        """
        ```python
        print(await look({"n": 1}))
        ```
        and
        ```bash
        echo two
        ```
        """);
    JsonNode paused = talk.send();
    assertThat(types(paused)).containsExactly("server_tool_use", "tool_use");
    JsonNode ended = talk.answer("one").send();
    assertThat(types(ended))
        .containsExactly(
            "code_execution_tool_result", "server_tool_use", "bash_code_execution_tool_result");
    assertThat(ended.at("/content/0/content/stdout").asString()).isEqualTo("one\n");
    assertThat(ended.at("/content/2/content/stdout").asString()).isEqualTo("two\n");
  }

  private static ObjectNode python(String code) {
    return ModelReply.of().text("let me see").call("code_execution", code(code)).build();
  }

  private static ObjectNode code(String code) {
    return Json.object().put("code", code);
  }

  private static List<String> types(JsonNode reply) {
    return reply.path("content").valueStream().map(block -> block.path("type").asString()).toList();
  }

  /** A client that keeps its history as the contract says. */
  private static final class Conversation {
    private final ObjectNode request =
        Json.object().put("model", "scripted").put("max_tokens", 100);
    private final ArrayNode messages = request.putArray("messages");
    private final ArrayNode tools = request.putArray("tools");
    private final String caller;
    private RawHttp client = http;
    private JsonNode last = Json.object();

    Conversation(String version, String... names) {
      caller = version;
      say("go");
      tools.addObject().put("type", version).put("name", "code_execution");
      for (String name : names) {
        direct(name).putArray("allowed_callers").add(version);
      }
    }

    ObjectNode direct(String name) {
      ObjectNode tool = tools.addObject().put("name", name).put("description", "Looks things up.");
      tool.putObject("input_schema").put("type", "object").putObject("properties");
      return tool;
    }

    JsonNode tool(String name) {
      return tools
          .valueStream()
          .filter(tool -> tool.path("name").asString().equals(name))
          .findFirst()
          .orElseThrow();
    }

    Conversation say(String text) {
      messages.addObject().put("role", "user").put("content", text);
      return this;
    }

    /** Sends what there is and keeps the reply. */
    JsonNode send() {
      last = peek();
      messages.addObject().put("role", "assistant").set("content", last.path("content"));
      JsonNode container = last.at("/container/id");
      if (container.isString()) {
        request.set("container", container);
      }
      return last;
    }

    /** Sends what there is. */
    JsonNode peek() {
      return peek(Map.of());
    }

    JsonNode peek(Map<String, String> changes) {
      RawHttp.Answer answer = client.message(changed(changes));
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      return answer.json();
    }

    /** The complaint about a request with other fields; an empty one goes. */
    String refused(Map<String, String> changes) {
      RawHttp.Answer answer = client.message(changed(changes));
      assertThat(answer.status()).as(answer.text()).isEqualTo(400);
      return answer.json().at("/error/message").asString();
    }

    private String changed(Map<String, String> changes) {
      ObjectNode changed = request.deepCopy();
      changes.forEach((name, value) -> {
        if (value.isEmpty()) {
          changed.remove(name);
        } else if (value.startsWith("[")) {
          changed.set(name, Json.parse(value, name));
        } else {
          changed.put(name, value);
        }
      });
      return Json.write(changed);
    }

    /** Answers each tool of the last reply, in order. */
    Conversation answer(String... texts) {
      List<String> ids = new ArrayList<>();
      for (JsonNode block : last.path("content")) {
        if (block.path("type").asString().equals("tool_use")) {
          ids.add(block.path("id").asString());
        }
      }
      assertThat(texts).hasSameSizeAs(ids);
      ArrayNode results = messages.addObject().put("role", "user").putArray("content");
      for (int i = 0; i < texts.length; i++) {
        results
            .addObject()
            .put("type", "tool_result")
            .put("tool_use_id", ids.get(i))
            .put("content", texts[i]);
      }
      return this;
    }

    /** The messages with an id of a call that no code has made. */
    String forged() {
      String id = last.at("/content").valueStream().toList().getLast().path("id").asString();
      return Json.write(messages).replace(id, "toolu_forged");
    }

    ObjectNode lastResult() {
      return (ObjectNode) messages.get(messages.size() - 1).at("/content/0");
    }
  }
}
