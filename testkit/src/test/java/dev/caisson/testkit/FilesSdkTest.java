package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.MultipartField;
import com.anthropic.core.http.HttpResponse;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.NotFoundException;
import com.anthropic.models.files.FileListPage;
import com.anthropic.models.files.FileListParams;
import com.anthropic.models.files.FileMetadata;
import com.anthropic.models.files.FileUploadParams;
import dev.caisson.domain.ByteSize;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The Files API through the official SDK, and what no SDK would send. */
class FilesSdkTest {
  @TempDir static Path directory;
  static RunningCaisson caisson;
  static AnthropicClient sdk;
  static RawHttp http;

  @BeforeAll
  static void start() {
    caisson =
        RunningCaisson.over(directory)
            .server(server -> server.withLimits(new ByteSize(100_000), new ByteSize(5_000_000)))
            .start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    sdk.close();
    caisson.close();
  }

  @Test
  void anUploadIsListedDescribedAndDeleted() {
    FileMetadata made = sdk.files().upload(upload("sales.csv", "text/csv", "a,b\n"));
    made.validate();
    assertThat(made.id()).startsWith("file_");
    assertThat(made.filename()).isEqualTo("sales.csv");
    assertThat(made.mimeType()).isEqualTo("text/csv");
    assertThat(made.sizeBytes()).isEqualTo(4);
    assertThat(made.downloadable()).contains(false);
    assertThat(sdk.files().retrieveMetadata(made.id())).isEqualTo(made);
    assertThat(sdk.files().list().data()).contains(made);
    assertThat(sdk.files().delete(made.id()).id()).isEqualTo(made.id());
    assertThatThrownBy(() -> sdk.files().retrieveMetadata(made.id()))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("File `" + made.id() + "` not found.");
  }

  @Test
  void anUploadCannotBeDownloadedAndAnOutputCan() throws IOException {
    FileMetadata made = sdk.files().upload(upload("in.txt", "text/plain", "in"));
    assertThatThrownBy(() -> sdk.files().download(made.id()))
        .isInstanceOf(BadRequestException.class);
    JsonNode cell =
        http.cell(
            http.container(),
            "python",
            "import os; open(os.environ['OUTPUT_DIR'] + '/ü x.csv', 'w').write('1,2')");
    try (HttpResponse response = sdk.files().download(cell.at("/outputs/0/file_id").asString());
        InputStream body = response.body()) {
      assertThat(body.readAllBytes()).isEqualTo("1,2".getBytes(StandardCharsets.UTF_8));
      assertThat(response.headers().values("content-disposition"))
          .containsExactly("attachment; filename*=utf-8''%C3%BC%20x.csv");
      assertThat(response.headers().values("content-type")).containsExactly("text/csv");
      assertThat(response.headers().values("x-content-type-options")).containsExactly("nosniff");
    }
  }

  @Test
  void aListIsPagedThroughToItsEnd() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      made.addFirst(sdk.files().upload(upload("page-" + i, "text/plain", "x")).id());
    }
    FileListPage page = sdk.files().list(FileListParams.builder().limit(3).build());
    assertThat(page.autoPager().stream().limit(7).map(FileMetadata::id))
        .containsExactlyElementsOf(made);
    JsonNode some = http.get("/v1/files?ids[]=" + made.get(4) + "&ids[]=file_none&ids[]=x").json();
    assertThat(some.path("data").size()).isEqualTo(1);
    assertThat(http.get("/v1/files?limit=3&ids[]=" + made.get(4)).status()).isEqualTo(400);
  }

  @Test
  void anExpiryIsSetWhereverTheFormNamesIt() {
    FileMetadata bySdk =
        sdk.files()
            .upload(
                FileUploadParams.builder()
                    .file(part("e.txt", "text/plain", "x"))
                    .expiresInSeconds(3600)
                    .build());
    assertThat(Duration.between(bySdk.createdAt(), bySdk.expiresAt().orElseThrow()))
        .isEqualTo(Duration.ofHours(1));
    String file = field("file", "f.txt", "x");
    String expiry = field("expires_in_seconds", null, "7200");
    for (String form : List.of(file + expiry, expiry + file)) {
      JsonNode made = multipart(form).json();
      assertThat(made.path("expires_at").asString()).as(form).isNotEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "59|expires_in_seconds: Input should be between 3600 and 7776000",
        "99999999|expires_in_seconds: Input should be between 3600 and 7776000",
        "soon|expires_in_seconds: Input should be a valid integer"
      })
  void anExpiryThatIsNoneLeavesNothingStored(String expiry, String message) {
    int before = http.get("/v1/files?limit=1000").json().path("data").size();
    String name = "unstored-" + expiry;
    RawHttp.Answer answer =
        multipart(field("file", name, "x") + field("expires_in_seconds", null, expiry));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).isEqualTo(message);
    JsonNode after = http.get("/v1/files?limit=1000").json().path("data");
    assertThat(after.size()).isEqualTo(before);
  }

  @Test
  void anUploadWithoutANameIsRefused() {
    RawHttp.Answer answer = multipart(field("file", null, "content"));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).isEqualTo("file: Expected UploadFile: the part needs a filename");
    assertThat(multipart(field("file", "", "content")).status()).isEqualTo(400);
    assertThat(multipart(field("other", "a.txt", "x")).error())
        .isEqualTo("other: Extra inputs are not permitted");
    assertThat(multipart("").error()).startsWith("file: ");
    RawHttp.Answer json = http.post("/v1/files", "{}", "content-type", "application/json");
    assertThat(json.status()).isEqualTo(400);
    assertThat(json.error()).startsWith("file: Expected a multipart/form-data upload");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x",
        "a/b",
        "a\\\\b",
        "..",
        ".",
        "a\u0000b",
        "a\tb",
        "a:b",
        "a*b",
        "a?b",
        "a<b",
        "a|b"
      })
  void namesThatAreNoneAreRefused(String name) {
    RawHttp.Answer answer = multipart(field("file", name, "x"));
    assertThat(answer.status()).as(name).isEqualTo(400);
    assertThat(answer.json().at("/error/type").asString()).isEqualTo("invalid_request_error");
  }

  @Test
  void aNameOf256CharactersIsRefused() {
    assertThat(multipart(field("file", "n".repeat(255), "x")).status()).isEqualTo(200);
    assertThat(multipart(field("file", "n".repeat(256), "x")).status()).isEqualTo(400);
  }

  @Test
  void aFormThatBreaksOffLeavesNothingStored() throws IOException {
    int before = http.get("/v1/files?limit=1000").json().path("data").size();
    String whole = field("file", "broken.txt", "x".repeat(5000)) + "--XX--\r\n";
    for (int length : new int[] {1, 40, 120, 3000, whole.length() - 9}) {
      RawHttp.Answer answer =
          http.call(
              "POST",
              "/v1/files",
              whole.substring(0, length).getBytes(StandardCharsets.UTF_8),
              "content-type",
              "multipart/form-data; boundary=XX");
      assertThat(answer.status()).as("first " + length + " bytes").isEqualTo(400);
    }
    assertThat(http.get("/v1/files?limit=1000").json().path("data").size()).isEqualTo(before);
    try (Stream<Path> left = Files.walk(directory.resolve("data/blobs"))) {
      assertThat(left.filter(Files::isRegularFile).map(path -> path.getFileName().toString()))
          .allMatch(name -> name.matches("[0-9a-f]{64}"));
    }
  }

  @Test
  void aFileOverTheLimitIsRefused() {
    RawHttp.Answer answer = multipart(field("file", "big", "x".repeat(5_000_001)));
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.error()).contains("5000000");
    assertThat(multipart(field("file", "fits", "x".repeat(5_000_000))).status()).isEqualTo(200);
  }

  /** A server with less memory than the file takes it, as it takes any other. */
  @Test
  @Tag("slow")
  void aFileLargerThanTheServersMemoryIsTaken(@TempDir Path own) {
    long size = 500_000_000;
    try (CaissonProcess small = CaissonProcess.start(own, Map.of("JAVA_TOOL_OPTIONS", "-Xmx96m"))) {
      AnthropicClient client = SdkSessionTest.client(small.url().toString(), small.key());
      FileMetadata made =
          client
              .files()
              .upload(
                  FileUploadParams.builder()
                      .file(
                          MultipartField.<InputStream>builder()
                              .value(new Zeros(size))
                              .filename("large.bin")
                              .contentType("application/octet-stream")
                              .build())
                      .build());
      assertThat(made.sizeBytes()).isEqualTo(size);
    }
  }

  @Test
  void unknownIdsAreNotFound() {
    for (String id : List.of("file_doesnotexist", "x", "file_", "container_abc", "file_%20")) {
      for (RawHttp.Answer answer :
          List.of(
              http.get("/v1/files/" + id),
              http.get("/v1/files/" + id + "/content"),
              http.delete("/v1/files/" + id))) {
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().at("/error/type").asString()).isEqualTo("not_found_error");
      }
    }
  }

  private static FileUploadParams upload(String name, String type, String text) {
    return FileUploadParams.builder().file(part(name, type, text)).build();
  }

  private static MultipartField<InputStream> part(String name, String type, String text) {
    return MultipartField.<InputStream>builder()
        .value(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
        .filename(name)
        .contentType(type)
        .build();
  }

  private static String field(
      String name, @org.jspecify.annotations.Nullable String filename, String text) {
    return "--XX\r\nContent-Disposition: form-data; name=\""
        + name
        + "\""
        + (filename == null ? "" : "; filename=\"" + filename + "\"")
        + "\r\n\r\n"
        + text
        + "\r\n";
  }

  private static RawHttp.Answer multipart(String fields) {
    return http.call(
        "POST",
        "/v1/files",
        (fields + "--XX--\r\n").getBytes(StandardCharsets.UTF_8),
        "content-type",
        "multipart/form-data; boundary=XX");
  }

  /** A stream of zeros of a known length. */
  private static final class Zeros extends InputStream {
    private long left;

    Zeros(long size) {
      this.left = size;
    }

    @Override
    public int read() {
      return left-- > 0 ? 0 : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (left <= 0) {
        return -1;
      }
      int count = (int) Math.min(length, left);
      java.util.Arrays.fill(buffer, offset, offset + count, (byte) 0);
      left -= count;
      return count;
    }
  }
}
