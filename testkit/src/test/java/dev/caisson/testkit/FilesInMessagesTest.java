package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Stored files where a conversation may name them: mounted, shown, or refused by their place. */
class FilesInMessagesTest {
  private static final byte[] PDF = "%PDF-1.4 not much".getBytes(StandardCharsets.UTF_8);

  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson caisson;
  static RawHttp http;

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    caisson = RunningCaisson.over(directory).upstream(upstream).start();
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

  @Test
  void imagesAndDocumentsReachTheModelWithTheirContent() {
    ArrayNode content = Json.array();
    content.add(block("document", upload("a.pdf", "application/pdf", PDF)));
    content.add(block("image", upload("a.png", "image/png", new byte[] {1, 2, 3})));
    content.add(block("document", upload("a.txt", "text/plain; charset=utf-8", utf8("grüße"))));
    ((ObjectNode) content.get(0)).put("title", "The title");
    upstream.reply(ModelReply.saying("seen"));
    RawHttp.Answer answer = http.message(request(content));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);

    JsonNode sent = upstream.received().getFirst().body().at("/messages/0/content");
    assertThat(sent.at("/0/title").asString()).isEqualTo("The title");
    assertThat(sent.at("/0/source").toString())
        .isEqualTo(
            "{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"%s\"}"
                .formatted(Base64.getEncoder().encodeToString(PDF)));
    assertThat(sent.at("/1/source/media_type").asString()).isEqualTo("image/png");
    assertThat(sent.at("/1/source/data").asString()).isEqualTo("AQID");
    assertThat(sent.at("/2/source/type").asString()).isEqualTo("text");
    assertThat(sent.at("/2/source/data").asString()).isEqualTo("grüße");
    assertThat(answer.json().has("container")).isFalse();
  }

  @Test
  void filesInEarlierTurnsAndToolResultsReachTheModelToo() {
    String image = upload("b.png", "image/png", new byte[] {9});
    JsonNode messages =
        Json.parse(
            """
            [{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"FILE"}}]},
             {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"look","input":{}}]},
             {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[
               {"type":"image","source":{"type":"file","file_id":"FILE"}}]}]}]
            """
                .replace("FILE", image),
            "messages");
    ObjectNode request = Json.object().put("model", "m").put("max_tokens", 10);
    request.set("messages", messages);
    upstream.reply(ModelReply.saying("seen"));
    assertThat(http.message(Json.write(request)).status()).isEqualTo(200);
    JsonNode sent = upstream.received().getFirst().body().path("messages");
    assertThat(sent.at("/0/content/0/source/data").asString()).isEqualTo("CQ==");
    assertThat(sent.at("/2/content/0/content/0/source/data").asString()).isEqualTo("CQ==");
  }

  @ParameterizedTest
  @CsvSource({
    "image,text/csv,400,is of type text/csv",
    "image,application/pdf,400,is of type application/pdf",
    "document,text/csv,400,is of type text/csv",
    "document,image/png,400,is of type image/png"
  })
  void aFileOfAnotherTypeIsRefusedByItsPath(String block, String type, int status, String words) {
    ArrayNode content = Json.array();
    content.addObject().put("type", "text").put("text", "x");
    content.add(block(block, upload("c", type, new byte[] {1})));
    refused(content, status, "messages.0.content.1.source.file_id: ", words);
  }

  @Test
  void aFileThatIsNotThereIsRefusedByItsPath() {
    for (String id : new String[] {"file_none", "nonsense", ""}) {
      ArrayNode content = Json.array();
      content.add(block("image", id));
      refused(content, 404, "messages.0.content.0.source.file_id: File `" + id + "` not found", "");
    }
    ArrayNode nothing = Json.array();
    nothing.addObject().put("type", "image").putObject("source").put("type", "file");
    refused(nothing, 400, "messages.0.content.0.source.file_id: Field required", "");
    ArrayNode more = Json.array();
    more.add(block("image", "file_x"));
    ((ObjectNode) more.get(0).get("source")).put("x", 1);
    refused(more, 400, "messages.0.content.0.source.x: Extra inputs are not permitted", "");
  }

  @Test
  void textThatIsNoneIsRefused() {
    ArrayNode content = Json.array();
    content.add(block("document", upload("d.txt", "text/plain", new byte[] {(byte) 0xff})));
    refused(content, 400, "messages.0.content.0.source.file_id: ", "not UTF-8");
  }

  @Test
  void moreThanAnUpstreamTakesIsRefused() {
    String large = upload("e.pdf", "application/pdf", new byte[13_000_000]);
    ArrayNode content = Json.array();
    content.add(block("document", large));
    content.add(block("document", large));
    refused(content, 413, "messages.0.content.1.source.file_id: ", "24000000 bytes");
  }

  @Test
  void anUploadThatCannotBeMountedIsAnErrorWithItsPath() {
    ArrayNode content = Json.array();
    content.add(mount(upload("same.txt", "text/plain", utf8("one"))));
    content.add(mount(upload("same.txt", "text/plain", utf8("two"))));
    refused(content, 400, "messages.0.content.1.file_id: ", "are both named 'same.txt'");
    ArrayNode unknown = Json.array();
    unknown.add(mount("file_none"));
    refused(unknown, 404, "messages.0.content.0.file_id: File `file_none` not found.", "");
    String longName = upload("ü".repeat(200), "text/plain", utf8("x"));
    ArrayNode tooLong = Json.array();
    tooLong.add(mount(longName));
    refused(tooLong, 400, "messages.0.content.0.file_id: ", "cannot be mounted");
    assertThat(http.get("/v1/containers").json().path("data").isEmpty()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'system':[UPLOAD],'messages':[{'role':'user','content':'x'}]}|system.0: ",
        "{'messages':[{'role':'user','content':'x'},{'role':'assistant','content':[UPLOAD]},"
            + "{'role':'user','content':'y'}]}|messages.1.content.0: ",
        "{'messages':[{'role':'user','content':[{'type':'tool_result','tool_use_id':'t',"
            + "'content':[UPLOAD]}]}]}|messages.0.content.0.content.0: ",
        "{'messages':[{'role':'user','content':[{'type':'container_upload'}]}]}"
            + "|messages.0.content.0.file_id: ",
        "{'messages':[{'role':'user','content':[{'type':'container_upload','file_id':7}]}]}"
            + "|messages.0.content.0.file_id: "
      })
  void anUploadInAnotherPlaceIsRefused(String shape, String path) {
    String body =
        shape
            .replace("UPLOAD", "{'type':'container_upload','file_id':'file_x'}")
            .replace('\'', '"')
            .replaceFirst("\\{", "{\"model\":\"m\",\"max_tokens\":1,");
    RawHttp.Answer answer = http.message(body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error()).startsWith(path);
    assertThat(upstream.received()).isEmpty();
  }

  private static void refused(ArrayNode content, int status, String start, String words) {
    for (String model : new String[] {"m", "caisson-direct"}) {
      RawHttp.Answer answer = http.message(request(content).replace("\"m\"", "\"" + model + "\""));
      if (model.equals("caisson-direct") && words.equals("not UTF-8")) {
        continue; // it looks into no file
      }
      assertThat(answer.status()).as(answer.text()).isEqualTo(status);
      assertThat(answer.error()).startsWith(start).contains(words);
    }
    assertThat(upstream.received()).isEmpty();
  }

  private static String request(ArrayNode content) {
    ObjectNode request = Json.object().put("model", "m").put("max_tokens", 10);
    request.putArray("messages").addObject().put("role", "user").set("content", content);
    request
        .putArray("tools")
        .addObject()
        .put("type", "code_execution_20250825")
        .put("name", "code_execution");
    return Json.write(request);
  }

  private static ObjectNode block(String type, String file) {
    ObjectNode block = Json.object().put("type", type);
    block.putObject("source").put("type", "file").put("file_id", file);
    return block;
  }

  private static ObjectNode mount(String file) {
    return Json.object().put("type", "container_upload").put("file_id", file);
  }

  private static String upload(String name, String type, byte[] content) {
    return caisson
        .engine()
        .files()
        .upload(
            caisson.organization(),
            name,
            type,
            new java.io.ByteArrayInputStream(content),
            java.util.Optional.empty())
        .id()
        .value();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
