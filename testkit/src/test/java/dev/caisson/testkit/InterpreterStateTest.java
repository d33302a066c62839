package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What stays of an interpreter from call to call and from request to request, by tool version. */
class InterpreterStateTest {
  private static final String FIRST = "code_execution_20250522";
  private static final String KEEPS = "code_execution_20260120";

  @TempDir static Path directory;
  static RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    caisson =
        RunningCaisson.over(directory)
            .clock(clock)
            .engine(engine ->
                engine
                    .withSweepEvery(Duration.ofDays(1))
                    .withLimits(
                        engine
                            .limits()
                            .withCellLimit(Duration.ofMillis(1200))
                            .withInterruptGrace(Duration.ofMillis(300))))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {KEEPS, "code_execution_20260521"})
  void variablesImportsAndFunctionsStayOverRequests(String version) {
    JsonNode first =
        send(
            version,
            Optional.empty(),
            """
            import collections
            class Row:
                def __init__(self, n): self.n = n
            rows = [Row(n) for n in range(3)]
            def total(): return sum(row.n for row in rows)
            """,
            "rows.append(Row(4)); print(total())");
    assertThat(first.at("/content/3/content/stdout").asString()).isEqualTo("7\n");
    JsonNode second =
        send(
            version, container(first), "print(total(), collections.Counter('aab')['a'], Row(9).n)");
    assertThat(result(second).path("stdout").asString()).isEqualTo("7 2 9\n");
  }

  @Test
  void anotherContainerHasAnInterpreterOfItsOwn() {
    send(KEEPS, Optional.empty(), "mine = 1");
    JsonNode other = send(KEEPS, Optional.empty(), "print('mine' in globals())");
    assertThat(result(other).path("stdout").asString()).isEqualTo("False\n");
  }

  @Test
  void theFirstVersionStartsAfreshEachTime() {
    JsonNode first = send(FIRST, Optional.empty(), "x = 1; open('/tmp/kept', 'w').write('2')");
    JsonNode second =
        send(FIRST, container(first), "print('x' in globals(), open('/tmp/kept').read())");
    assertThat(result(second).path("stdout").asString()).isEqualTo("False 2");
  }

  @Test
  void theFirstVersionLeavesTheInterpreterAlone() {
    JsonNode first = send(KEEPS, Optional.empty(), "x = 1");
    send(FIRST, container(first), "x = 2");
    assertThat(stdout(send(KEEPS, container(first), "print(x)"))).isEqualTo("1\n");
  }

  @Test
  void atTheLimitTheInterpreterIsInterruptedAndKeepsItsVariables() {
    JsonNode late =
        send(KEEPS, Optional.empty(), "x = 41\nprint('so far', flush=True)\nwhile True: pass");
    assertThat(result(late).path("type").asString()).isEqualTo("code_execution_result");
    assertThat(result(late).path("return_code").asInt()).isEqualTo(124);
    assertThat(stdout(late)).isEqualTo("so far\n");
    assertThat(stderr(late))
        .endsWith(
            "detection_timeout: the cell ran past its limit of 1200ms and was ended; the"
                + " interpreter and its variables survive\n");
    assertThat(stdout(send(KEEPS, container(late), "print(x + 1)"))).isEqualTo("42\n");
  }

  @Test
  void whatIgnoresTheInterruptIsKilledAndTheLossIsNamed() {
    JsonNode late =
        send(
            KEEPS,
            Optional.empty(),
            """
            x = 1
            open('/tmp/kept', 'w').write('file')
            import signal
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            while True: pass
            """);
    assertThat(result(late).path("return_code").asInt()).isEqualTo(124);
    assertThat(stderr(late)).endsWith("was ended; the interpreter and its variables were lost\n");
    JsonNode next =
        send(KEEPS, container(late), "print('x' in globals(), open('/tmp/kept').read())");
    assertThat(stdout(next)).isEqualTo("False file\n");
    assertThat(stderr(next)).isEmpty();
  }

  @Test
  void codeThatAwaitsIsInterruptedLikeAnyOther() {
    JsonNode late = send(KEEPS, Optional.empty(), "import asyncio\nx = 1\nawait asyncio.sleep(60)");
    assertThat(stderr(late)).contains("detection_timeout", "variables survive");
    JsonNode next = send(KEEPS, container(late), "await asyncio.sleep(0)\nprint(x)");
    assertThat(stdout(next)).isEqualTo("1\n");
  }

  @Test
  void anInterpreterThatEndsItselfIsNamedInItsOwnResult() {
    JsonNode ended = send(KEEPS, Optional.empty(), "x = 1\nimport os\nos._exit(3)");
    assertThat(result(ended).path("return_code").asInt()).isEqualTo(3);
    assertThat(stderr(ended)).contains("interpreter_lost: ");
    assertThat(stdout(send(KEEPS, container(ended), "print('x' in globals())")))
        .isEqualTo("False\n");
  }

  @Test
  void variablesOutliveAnIdleSandboxAndWhatCannotIsNamed() {
    JsonNode first =
        send(
            KEEPS,
            Optional.empty(),
            """
            def total(): return sum(rows)
            rows = [1, 2]
            source = open('/tmp/kept', 'w')
            """);
    clock.advance(Duration.ofMinutes(6));
    caisson.engine().sweep();
    JsonNode later = send(KEEPS, container(first), "rows.append(3); print(total())");
    assertThat(stdout(later)).isEqualTo("6\n");
    assertThat(stderr(later))
        .isEqualTo(
            "interpreter_state: source was not kept: TypeError: cannot pickle"
                + " '_io.TextIOWrapper' object\n");
    assertThat(stderr(send(KEEPS, container(first), "print(rows)"))).isEmpty();
  }

  private static JsonNode send(String version, Optional<String> container, String... cells) {
    StringBuilder prompt = new StringBuilder();
    for (String cell : cells) {
      prompt.append("```python\n").append(cell.strip()).append("\n```\n");
    }
    ObjectNode request = Json.object().put("model", "caisson-direct").put("max_tokens", 100);
    container.ifPresent(id -> request.put("container", id));
    request.putArray("messages").addObject().put("role", "user").put("content", prompt.toString());
    request.putArray("tools").addObject().put("type", version).put("name", "code_execution");
    RawHttp.Answer answer = http.message(Json.write(request));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  private static Optional<String> container(JsonNode reply) {
    return Optional.of(reply.at("/container/id").asString());
  }

  private static JsonNode result(JsonNode reply) {
    return reply.at("/content/1/content");
  }

  private static String stdout(JsonNode reply) {
    return result(reply).path("stdout").asString();
  }

  private static String stderr(JsonNode reply) {
    return result(reply).path("stderr").asString();
  }
}
