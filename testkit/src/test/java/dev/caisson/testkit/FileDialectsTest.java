package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.MultipartField;
import com.anthropic.models.beta.AnthropicBeta;
import com.anthropic.models.beta.files.BetaFileMetadata;
import com.anthropic.models.beta.files.FileListParams;
import com.anthropic.models.files.FileExpiredException;
import com.anthropic.models.files.FileMetadata;
import com.anthropic.models.files.FileNotDownloadableException;
import com.anthropic.models.files.FileUploadParams;
import com.anthropic.models.files.StorageQuotaExceededException;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.OrganizationLimits;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The Files API with and without its beta header, and what time and room do to files. */
class FileDialectsTest {
  private static final String[] BETA = {"anthropic-beta", "files-api-2025-04-14"};

  private final RunningCaisson.HandClock clock = new RunningCaisson.HandClock();

  @TempDir Path directory;
  private RunningCaisson caisson;
  private AnthropicClient sdk;
  private RawHttp http;

  @BeforeEach
  void start() {
    caisson =
        RunningCaisson.over(directory)
            .clock(clock)
            .engine(engine ->
                engine.withOrganizations(
                    OrganizationLimits.DEFAULT.with(OrganizationLimit.STORAGE, 1000)))
            .start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
    http = RawHttp.of(caisson);
  }

  @AfterEach
  void stop() {
    sdk.close();
    caisson.close();
  }

  @Test
  void theBetaHeaderBringsTheOlderPages() {
    List<String> made = uploads(5);
    JsonNode first = http.get("/v1/files?limit=2", BETA).json();
    assertThat(ids(first)).isEqualTo(made.subList(0, 2));
    assertThat(first.path("has_more").asBoolean()).isTrue();
    assertThat(first.path("first_id").asString()).isEqualTo(made.get(0));
    assertThat(first.path("last_id").asString()).isEqualTo(made.get(1));
    assertThat(first.has("next_page")).isFalse();

    JsonNode last = http.get("/v1/files?limit=3&after_id=" + made.get(1), BETA).json();
    assertThat(ids(last)).isEqualTo(made.subList(2, 5));
    assertThat(last.path("has_more").asBoolean()).isFalse();

    JsonNode end = http.get("/v1/files?after_id=" + made.get(4), BETA).json();
    assertThat(ids(end)).isEmpty();
    assertThat(end.path("first_id").isNull()).isTrue();
    assertThat(end.path("last_id").isNull()).isTrue();

    JsonNode back = http.get("/v1/files?limit=2&before_id=" + made.get(3), BETA).json();
    assertThat(ids(back)).isEqualTo(made.subList(1, 3));
    assertThat(back.path("has_more").asBoolean()).isTrue();
  }

  @Test
  void theBetaHeaderBringsTheOlderMetadata() {
    String id = uploads(1).getFirst();
    for (JsonNode beta :
        List.of(
            http.get("/v1/files/" + id, BETA).json(),
            http.get("/v1/files", BETA).json().at("/data/0"),
            new MultipartForm().file("file", "b", "x").post(http, "/v1/files", BETA).json())) {
      assertThat(beta.has("scope") && beta.path("scope").isNull()).isTrue();
      assertThat(beta.has("expires_at")).isFalse();
    }
    JsonNode now = http.get("/v1/files/" + id).json();
    assertThat(now.has("scope")).isFalse();
    assertThat(now.path("expires_at").isNull()).isTrue();
    assertThat(ids(http.get("/v1/files?scope_id=sess_1", BETA).json())).isEmpty();
  }

  /** The SDK's beta namespace has come to speak today's dialect, unless it is given the header. */
  @Test
  void theBetaNamespaceOfTheSdkPagesThroughItsEnd() {
    List<String> made = uploads(5);
    assertThat(
            sdk.beta().files().list(FileListParams.builder().limit(2).build()).autoPager().stream()
                .map(BetaFileMetadata::id))
        .isEqualTo(made);
    BetaFileMetadata read =
        sdk.beta()
            .files()
            .retrieveMetadata(
                com.anthropic.models.beta.files.FileRetrieveMetadataParams.builder()
                    .fileId(made.getFirst())
                    .addBeta(AnthropicBeta.of(BETA[1]))
                    .build());
    assertThat(read.validate().scope()).isEmpty();
  }

  @Test
  void filesAreFoundByTheirIds() {
    List<String> made = uploads(3);
    com.anthropic.models.files.FileListParams byIds =
        com.anthropic.models.files.FileListParams.builder()
            .addId(made.get(2))
            .addId("file_none")
            .addId(made.get(0))
            .addId(made.get(2))
            .build();
    assertThat(sdk.files().list(byIds).autoPager().stream().map(FileMetadata::id))
        .containsExactly(made.get(0), made.get(2));
    String many = "ids[]=file_x".concat("&ids[]=file_y1".repeat(200));
    assertThat(http.get("/v1/files?" + many).status()).isEqualTo(200);
    StringBuilder different = new StringBuilder("ids[]=file_0");
    for (int i = 1; i <= 100; i++) {
      different.append("&ids[]=file_").append(i);
    }
    assertThat(http.get("/v1/files?" + different).status()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "limit=0",
        "limit=1001",
        "limit=x",
        "after_id=file_none",
        "before_id=%00",
        "after_id=a&before_id=b"
      })
  void aPlaceInAListThatIsNoneIsRefused(String query) {
    RawHttp.Answer answer = http.get("/v1/files?" + query, BETA);
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("invalid_request_error");
  }

  @Test
  void aBetaThatNobodyKnowsIsRefused() {
    RawHttp.Answer answer = http.get("/v1/files", "anthropic-beta", "files-api-1999-01-01");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("files-api-1999-01-01");
  }

  @Test
  void partsOfAnOutputCanBeHad() {
    String output =
        http.cell(http.container(), "bash", "printf 0123456789 > $OUTPUT_DIR/digits.txt")
            .at("/outputs/0/file_id")
            .asString();
    String path = "/v1/files/" + output + "/content";
    RawHttp.Answer middle = http.get(path, "range", "bytes=2-4");
    assertThat(middle.status()).isEqualTo(206);
    assertThat(middle.text()).isEqualTo("234");
    assertThat(middle.header("content-range")).isEqualTo("bytes 2-4/10");
    assertThat(middle.header("content-length")).isEqualTo("3");
    assertThat(http.get(path, "range", "bytes=-3").text()).isEqualTo("789");
    assertThat(http.get(path, "range", "bytes=8-").text()).isEqualTo("89");
    assertThat(http.get(path, "range", "lines=1-2").status()).isEqualTo(200);
    RawHttp.Answer past = http.get(path, "range", "bytes=10-");
    assertThat(past.status()).isEqualTo(416);
    assertThat(past.header("content-range")).isEqualTo("bytes */10");
  }

  @Test
  void anExpiredFileIsListedForThirtyDaysAndUsedNoMore() {
    String id =
        new MultipartForm()
            .file("file", "brief.txt", "x")
            .field("expires_in_seconds", "3600")
            .post(http, "/v1/files")
            .json()
            .path("id")
            .asString();
    String body =
        """
        {"model":"caisson-direct","max_tokens":1,
         "tools":[{"type":"code_execution_20250825","name":"code_execution"}],
         "messages":[{"role":"user","content":[{"type":"container_upload","file_id":"%s"}]}]}
        """
            .formatted(id);
    assertThat(http.message(body).status()).isEqualTo(200);

    clock.advance(Duration.ofHours(1));
    caisson.engine().sweep();
    assertThat(http.get("/v1/files/" + id + "/content").status()).isEqualTo(404);
    assertThatThrownBy(() -> sdk.files().download(id)).isInstanceOf(FileExpiredException.class);
    RawHttp.Answer message = http.message(body);
    assertThat(message.status()).isEqualTo(404);
    assertThat(message.error()).startsWith("messages.0.content.0.file_id: File `" + id);
    assertThat(message.json().at("/error/details/error_code").asString()).isEqualTo("file_expired");
    assertThat(ids(http.get("/v1/files").json())).containsExactly(id);

    clock.advance(Duration.ofDays(30).minusSeconds(1));
    caisson.engine().sweep();
    assertThat(http.get("/v1/files/" + id).status()).isEqualTo(200);
    clock.advance(Duration.ofSeconds(2));
    caisson.engine().sweep();
    assertThat(http.get("/v1/files/" + id).status()).isEqualTo(404);
    assertThat(http.get("/v1/files/" + id).error()).isEqualTo("File `" + id + "` not found.");
  }

  @Test
  void failuresOfFilesAreExceptionsOfTheirOwnInTheSdk() {
    String id = uploads(1).getFirst();
    assertThatThrownBy(() -> sdk.files().download(id))
        .isInstanceOf(FileNotDownloadableException.class);
    new MultipartForm().file("file", "most", "x".repeat(999)).post(http, "/v1/files");
    MultipartField<InputStream> oneMore =
        MultipartField.<InputStream>builder()
            .value(new ByteArrayInputStream(new byte[] {1}))
            .filename("more")
            .contentType("text/plain")
            .build();
    assertThatThrownBy(() -> sdk.files().upload(FileUploadParams.builder().file(oneMore).build()))
        .isInstanceOf(StorageQuotaExceededException.class);
  }

  private List<String> uploads(int count) {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      made.addFirst(
          new MultipartForm()
              .file("file", "file-" + i, "x")
              .post(http, "/v1/files")
              .json()
              .path("id")
              .asString());
    }
    return made;
  }

  private static List<String> ids(JsonNode page) {
    return page.path("data").valueStream().map(item -> item.path("id").asString()).toList();
  }
}
