package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.errors.NotFoundException;
import com.anthropic.models.messages.CodeExecutionTool20250825;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.models.ModelInfo;
import com.anthropic.models.models.ModelListParams;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Models and token counts: the upstream's where it has them, ours always. */
class ModelsTest {
  private static final String LIST =
      """
      {"data":[
        {"id":"big-model","type":"model","display_name":"Big","created_at":"2026-01-01T00:00:00Z",
         "lifecycle":"deprecated","future_field":[1.50]},
        {"id":"org/small","object":"model","created":1767225600,"owned_by":"me"},
        {"object":"model"},"nonsense",{"id":"caisson-direct"}],
       "has_more":false,"first_id":"big-model","last_id":"org/small"}
      """;

  @TempDir static Path directory;
  static HttpServer upstream;
  static RunningCaisson caisson;
  static RunningCaisson alone;
  static AnthropicClient sdk;
  static RawHttp http;

  /** Status and text by path; what is not here is a 404 without JSON. */
  static final Map<String, Object[]> ANSWERS = new ConcurrentHashMap<>();

  static final List<String> ASKED = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    upstream.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          String path = exchange.getRequestURI().getPath();
          ASKED.add(path + " " + new String(body, StandardCharsets.UTF_8));
          Object[] answer = ANSWERS.getOrDefault(path, new Object[] {404, "no such page"});
          byte[] text = ((String) answer[1]).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders((int) answer[0], text.length);
          exchange.getResponseBody().write(text);
          exchange.close();
        });
    upstream.start();
    URI url = URI.create("http://127.0.0.1:" + upstream.getAddress().getPort() + "/");
    caisson =
        RunningCaisson.over(directory.resolve("one"))
            .messages(settings -> settings.withUpstream(url))
            .start();
    alone = RunningCaisson.over(directory.resolve("two")).start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    sdk.close();
    caisson.close();
    alone.close();
    upstream.stop(0);
  }

  @BeforeEach
  void forget() {
    ANSWERS.clear();
    ASKED.clear();
  }

  @Test
  void theListIsTheUpstreamsAndOurs() {
    ANSWERS.put("/v1/models", new Object[] {200, LIST});
    List<ModelInfo> models = sdk.models().list().autoPager().stream().toList();
    models.forEach(ModelInfo::validate);
    assertThat(models.stream().map(ModelInfo::id))
        .containsExactly("caisson-direct", "big-model", "org/small");
    assertThat(models.getFirst().capabilities().orElseThrow().codeExecution().supported()).isTrue();
    assertThat(models.getLast().displayName()).isEqualTo("org/small");
    assertThat(models.getLast().createdAt().toString()).isEqualTo("2026-01-01T00:00Z");
    assertThat(http.get("/v1/models").json().at("/data/1/future_field/0").toString())
        .isEqualTo("1.50");
  }

  @Test
  void theListIsPagedInBothDirections() {
    ANSWERS.put("/v1/models", new Object[] {200, LIST});
    JsonNode first = http.get("/v1/models?limit=2").json();
    assertThat(first.path("has_more").asBoolean()).isTrue();
    assertThat(first.path("last_id").asString()).isEqualTo("big-model");
    JsonNode next = http.get("/v1/models?limit=2&after_id=big-model").json();
    assertThat(next.at("/data/0/id").asString()).isEqualTo("org/small");
    assertThat(next.path("has_more").asBoolean()).isFalse();
    JsonNode back = http.get("/v1/models?limit=1&before_id=org/small").json();
    assertThat(back.at("/data/0/id").asString()).isEqualTo("big-model");
    assertThat(back.path("has_more").asBoolean()).isTrue();
    assertThat(
            sdk.models().list(ModelListParams.builder().limit(1).build()).autoPager().stream()
                .map(ModelInfo::id))
        .containsExactly("caisson-direct", "big-model", "org/small");
    assertThat(http.get("/v1/models?lifecycle[]=deprecated").json().at("/data/0/id").asString())
        .isEqualTo("big-model");
    for (String query : new String[] {"limit=0", "limit=x", "after_id=none", "before_id="}) {
      assertThat(http.get("/v1/models?" + query).status()).as(query).isEqualTo(400);
    }
  }

  @Test
  void aModelIsFoundByItsIdOrByANameOfTheUpstream() {
    ANSWERS.put("/v1/models", new Object[] {200, LIST});
    ANSWERS.put(
        "/v1/models/big-latest",
        new Object[] {200, "{\"id\":\"big-model\",\"display_name\":\"Big\"}"});
    assertThat(sdk.models().retrieve("caisson-direct").validate().id()).isEqualTo("caisson-direct");
    assertThat(sdk.models().retrieve("big-latest").validate().id()).isEqualTo("big-model");
    assertThat(http.get("/v1/models/org/small").json().path("id").asString())
        .isEqualTo("org/small");
    assertThatThrownBy(() -> sdk.models().retrieve("none")).isInstanceOf(NotFoundException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "404|{}",
        "405|",
        "500|{\"error\":1}",
        "200|<html>",
        "200|[]",
        "200|{\"data\":7}",
        "302|"
      })
  void anUpstreamThatDoesNotTellCostsItsOwnEntriesOnly(int status, String body) {
    String text = body == null ? "" : body;
    ANSWERS.put("/v1/models", new Object[] {status, text});
    ANSWERS.put("/v1/models/big-model", new Object[] {status, text});
    JsonNode list = http.get("/v1/models").json();
    assertThat(list.path("data").size()).isEqualTo(1);
    assertThat(list.at("/data/0/id").asString()).isEqualTo("caisson-direct");
    assertThat(http.get("/v1/models/big-model").status()).isEqualTo(404);
    assertThat(http.get("/v1/models/caisson-direct").status()).isEqualTo(200);
  }

  @Test
  void withoutAnUpstreamThereIsOurOwnModel() {
    RawHttp lonely = RawHttp.of(alone);
    assertThat(lonely.get("/v1/models").json().path("data").size()).isEqualTo(1);
    assertThat(lonely.get("/v1/models/x").status()).isEqualTo(404);
    assertThat(
            count(lonely, "{\"model\":\"caisson-direct\",\"messages\":" + MESSAGES + "}").status())
        .isEqualTo(200);
    assertThat(count(lonely, "{\"model\":\"x\",\"messages\":" + MESSAGES + "}").status())
        .isEqualTo(404);
  }

  private static final String MESSAGES = "[{\"role\":\"user\",\"content\":\"Count me, please\"}]";

  @Test
  void theUpstreamCountsWhatItWouldBeAsked() {
    ANSWERS.put("/v1/messages/count_tokens", new Object[] {200, "{\"input_tokens\":321}"});
    assertThat(
            sdk.messages()
                .countTokens(
                    MessageCountTokensParams.builder()
                        .model("big-model")
                        .system("Be brief.")
                        .addUserMessage("Count me")
                        .addTool(CodeExecutionTool20250825.builder().build())
                        .build())
                .inputTokens())
        .isEqualTo(321);
    assertThat(ASKED.getFirst())
        .contains("\"name\":\"bash_code_execution\"", "Be brief.", "Count me")
        .doesNotContain("max_tokens", "code_execution_20250825\"", "container\"");
  }

  @ParameterizedTest
  @CsvSource({"404", "405", "500", "529", "200"})
  void whereTheUpstreamDoesNotCountTheAnswerIsAnEstimate(int status) {
    ANSWERS.put("/v1/messages/count_tokens", new Object[] {status, "{}"});
    RawHttp.Answer small = count(http, "{\"model\":\"m\",\"messages\":" + MESSAGES + "}");
    assertThat(small.status()).as(small.text()).isEqualTo(200);
    assertThat(small.header("caisson-estimated")).isEqualTo("true");
    long tokens = small.json().path("input_tokens").asLong();
    assertThat(tokens).isBetween(4L, 40L);
    String longer = MESSAGES.replace("please", "word ".repeat(1000));
    long more =
        count(http, "{\"model\":\"m\",\"messages\":" + longer + "}")
            .json()
            .path("input_tokens")
            .asLong();
    assertThat(more - tokens).isBetween(1000L, 1500L);
  }

  @Test
  void whatTheUpstreamRefusesIsRefused() {
    ANSWERS.put(
        "/v1/messages/count_tokens",
        new Object[] {400, "{\"error\":{\"message\":\"model: unknown\"}}"});
    RawHttp.Answer answer = count(http, "{\"model\":\"m\",\"messages\":" + MESSAGES + "}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("model: unknown");
  }

  @Test
  void ourOwnModelIsCountedByUsAndCountsTheSameInAReply() {
    String body = "\"model\":\"caisson-direct\",\"messages\":" + MESSAGES + "}";
    RawHttp.Answer counted = count(http, "{" + body);
    assertThat(ASKED).isEmpty();
    assertThat(counted.header("caisson-estimated")).isEmpty();
    assertThat(counted.json().path("input_tokens").asLong())
        .isEqualTo(
            http.message("{\"max_tokens\":1," + body).json().at("/usage/input_tokens").asLong());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"model\":\"m\"}",
        "{\"model\":7,\"messages\":[]}",
        "{\"model\":\"m\",\"messages\":[]}",
        "{\"model\":\"m\",\"messages\":[7]}",
        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
        "{\"model\":\"m\",\"container\":\"c\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
        "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"
      })
  void whatCannotBeCountedIsRefused(String body) {
    RawHttp.Answer answer = count(http, body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(ASKED).isEmpty();
  }

  @Test
  void aFileThatIsNotThereIsRefusedByItsPath() {
    RawHttp.Answer answer =
        count(
            http,
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\","
                + "\"source\":{\"type\":\"file\",\"file_id\":\"file_x\"}}]}]}");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.error()).startsWith("messages.0.content.0.source.file_id: ");
  }

  private static RawHttp.Answer count(RawHttp http, String body) {
    return http.post("/v1/messages/count_tokens", body, "anthropic-version", "2023-06-01");
  }
}
