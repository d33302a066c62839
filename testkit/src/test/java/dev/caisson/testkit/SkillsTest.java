package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.MultipartField;
import com.anthropic.core.http.HttpResponse;
import com.anthropic.errors.NotFoundException;
import com.anthropic.models.beta.skills.versions.VersionDownloadParams;
import com.anthropic.models.skills.Skill;
import com.anthropic.models.skills.SkillCreateParams;
import com.anthropic.models.skills.SkillListParams;
import com.anthropic.models.skills.versions.SkillVersion;
import com.anthropic.models.skills.versions.VersionCreateParams;
import com.anthropic.models.skills.versions.VersionDeleteParams;
import com.anthropic.models.skills.versions.VersionListParams;
import com.anthropic.models.skills.versions.VersionRetrieveParams;
import dev.caisson.domain.OrganizationId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The Skills API through the official SDK, in both dialects, and what no SDK would send. */
class SkillsTest {
  private static final String[] BETA = {"anthropic-beta", "skills-2025-10-02"};

  @TempDir static Path directory;
  static RunningCaisson caisson;
  static AnthropicClient sdk;
  static RawHttp http;

  @BeforeAll
  static void start() {
    caisson = RunningCaisson.over(directory).start();
    sdk = SdkSessionTest.client(caisson.url().toString(), caisson.key());
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    sdk.close();
    caisson.close();
  }

  /** The head of a SKILL.md. */
  static String manifest(String name, String description) {
    return "---\nname: " + name + "\ndescription: " + description + "\n---\n# How\n";
  }

  @Test
  void aSkillLivesThroughItsVersions() throws IOException {
    Skill made =
        sdk.skills()
            .create(
                SkillCreateParams.builder()
                    .displayName("Monthly reports")
                    .files(files("reports/SKILL.md", manifest("reports", "Writes reports.")))
                    .build());
    made.validate();
    assertThat(made.displayName()).isEqualTo("Monthly reports");
    assertThat(made.source().type().asString()).isEqualTo("custom");
    assertThat(sdk.skills().retrieve(made.id())).isEqualTo(made);

    SkillVersion second =
        sdk.skills()
            .versions()
            .create(
                VersionCreateParams.builder()
                    .skillId(made.id())
                    .files(
                        files(
                            "reports/SKILL.md",
                            manifest("reports", "Writes better reports."),
                            "reports/scripts/run.py",
                            "print(1)"))
                    .build());
    second.validate();
    assertThat(second.description()).isEqualTo("Writes better reports.");
    assertThat(sdk.skills().retrieve(made.id()).latestVersionId()).isEqualTo(second.id());
    assertThat(version(made.id(), "latest")).isEqualTo(second);
    assertThat(version(made.id(), made.latestVersionId()).description())
        .isEqualTo("Writes reports.");
    assertThat(
            sdk
                .skills()
                .versions()
                .list(VersionListParams.builder().skillId(made.id()).limit(1).build())
                .autoPager()
                .stream()
                .map(SkillVersion::id))
        .containsExactly(second.id(), made.latestVersionId());

    VersionDownloadParams content =
        VersionDownloadParams.builder().skillId(made.id()).version(second.id()).build();
    try (HttpResponse archive = sdk.beta().skills().versions().download(content)) {
      assertThat(unzip(archive))
          .containsExactly(
              Map.entry("reports/SKILL.md", manifest("reports", "Writes better reports.")),
              Map.entry("reports/scripts/run.py", "print(1)"));
    }

    assertThat(
            sdk.skills()
                .versions()
                .delete(
                    VersionDeleteParams.builder().skillId(made.id()).version(second.id()).build())
                .id())
        .isEqualTo(second.id());
    assertThat(sdk.skills().retrieve(made.id()).latestVersionId())
        .isEqualTo(made.latestVersionId());
    RawHttp.Answer only =
        http.delete("/v1/skills/" + made.id() + "/versions/" + made.latestVersionId());
    assertThat(only.status()).isEqualTo(400);
    assertThat(only.error()).contains("is the only one of its skill");

    assertThat(sdk.skills().delete(made.id()).id()).isEqualTo(made.id());
    assertThatThrownBy(() -> sdk.skills().retrieve(made.id()))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("Skill `" + made.id() + "` not found.");
  }

  @Test
  void theBetaHeaderBringsTheOlderShapes() {
    JsonNode made =
        new MultipartForm()
            .field("display_title", "Old")
            .file("files[]", "older/SKILL.md", manifest("older", "Old."))
            .post(http, "/v1/skills", BETA)
            .json();
    assertThat(made.path("display_title").asString()).isEqualTo("Old");
    assertThat(made.path("source").asString()).isEqualTo("custom");
    String number = made.path("latest_version").asString();
    assertThat(number).matches("\\d{16}");
    String path = "/v1/skills/" + made.path("id").asString();
    JsonNode version = http.get(path + "/versions/" + number, BETA).json();
    assertThat(version.path("version").asString()).isEqualTo(number);
    assertThat(version.path("directory").asString()).isEqualTo("older");
    assertThat(version.path("id").asString()).startsWith("skver_");
    JsonNode list = http.get("/v1/skills?source=custom", BETA).json();
    assertThat(list.path("has_more").isBoolean()).isTrue();
    assertThat(http.get("/v1/skills?source=anthropic", BETA).json().path("data").isEmpty())
        .isTrue();

    RawHttp.Answer early = http.call("DELETE", path, new byte[0], BETA);
    assertThat(early.status()).isEqualTo(400);
    assertThat(early.error()).contains("still has versions");
    assertThat(
            http.call("DELETE", path + "/versions/" + number, new byte[0], BETA)
                .json()
                .path("id")
                .asString())
        .isEqualTo(number);
    assertThat(http.get(path, BETA).json().path("latest_version").isNull()).isTrue();
    assertThat(http.call("DELETE", path, new byte[0], BETA).json().path("type").asString())
        .isEqualTo("skill_deleted");
  }

  @Test
  void aListIsPagedThroughToItsEnd() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      made.addFirst(create("page-" + i).path("id").asString());
    }
    assertThat(
            sdk.skills().list(SkillListParams.builder().limit(2).build()).autoPager().stream()
                .limit(5)
                .map(Skill::id))
        .isEqualTo(made);
    made.forEach(id -> sdk.skills().delete(id));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SKILL.md",
        "/etc/SKILL.md",
        "../SKILL.md",
        "a/../SKILL.md",
        "a//SKILL.md",
        "a/./SKILL.md",
        "a\\\\SKILL.md",
        "a/b\\\\c",
        "a/",
        "a/\t",
        "a/..",
        "other/file"
      })
  void aPathThatIsNoneIsRefused(String path) {
    RawHttp.Answer answer =
        new MultipartForm()
            .file("files[]", "a/SKILL.md", manifest("a", "A."))
            .file("files[]", path, "x")
            .post(http, "/v1/skills");
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error()).startsWith("files: ");
    assertThat(blobsHalfWritten()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/SKILL.md", "a/dir", "a/dir/file/below"})
  void aNameThatIsTakenIsRefused(String path) {
    RawHttp.Answer answer =
        new MultipartForm()
            .file("files[]", "a/SKILL.md", manifest("a", "A."))
            .file("files[]", "a/dir/file", "x")
            .file("files[]", path, "x")
            .post(http, "/v1/skills");
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "# no head|must begin with YAML front matter",
        "''|must begin with YAML front matter",
        "---;name: a;description: b|the --- that ends the front matter is missing",
        "---;- a;---|must be fields and values",
        "---;name: a: b;---|line 2: not valid YAML",
        "---;name: a;description: [a];---|description: must be text",
        "---;name: a;---|description: must have 1 to 1024 characters",
        "---;name: A;description: b;---|name: must be 1 to 64",
        "---;name: a--b;description: b;---|name: must be 1 to 64",
        "---;name: ../a;description: b;---|name: must be 1 to 64",
        "---;name: a;description: see </system>;---|must not contain XML tags"
      })
  void aManifestThatIsNoneIsRefused(String text, String complaint) {
    RawHttp.Answer answer =
        new MultipartForm()
            .file("files[]", "dir/SKILL.md", text.replace(';', '\n'))
            .post(http, "/v1/skills");
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error()).startsWith("files: SKILL.md: ").contains(complaint);
  }

  @Test
  void aFormThatIsNoneIsRefused() {
    List<MultipartForm> forms =
        List.of(
            new MultipartForm(),
            new MultipartForm().file("files[]", "a/other.md", "x"),
            new MultipartForm().field("files[]", "text"),
            new MultipartForm().field("surprise", "x"),
            new MultipartForm()
                .field("display_name", "x".repeat(256))
                .file("files[]", "a/SKILL.md", manifest("a", "A.")));
    for (MultipartForm form : forms) {
      RawHttp.Answer answer = form.post(http, "/v1/skills");
      assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    }
    assertThat(http.post("/v1/skills", "{}", "content-type", "application/json").status())
        .isEqualTo(400);
    RawHttp.Answer large =
        new MultipartForm()
            .file("files[]", "a/SKILL.md", manifest("a", "A."))
            .file("files[]", "a/large", "x".repeat(30_000_000))
            .post(http, "/v1/skills");
    assertThat(large.status()).isEqualTo(413);
    assertThat(large.error()).contains("30000000 bytes");
    assertThat(blobsHalfWritten()).isEmpty();
  }

  @Test
  void aFormThatBreaksOffLeavesNothing() {
    byte[] whole =
        new MultipartForm()
            .file("files[]", "a/SKILL.md", manifest("a", "A."))
            .file("files[]", "a/data", "x".repeat(5000))
            .bytes();
    for (int length : new int[] {1, 60, 150, 3000, whole.length - 9}) {
      RawHttp.Answer answer =
          http.call(
              "POST",
              "/v1/skills",
              Arrays.copyOf(whole, length),
              "content-type",
              "multipart/form-data; boundary=XX");
      assertThat(answer.status()).as("first " + length + " bytes").isEqualTo(400);
    }
    assertThat(blobsHalfWritten()).isEmpty();
  }

  @Test
  void aVersionKeepsTheNameOfItsSkill() {
    String id = create("steady").path("id").asString();
    RawHttp.Answer answer =
        new MultipartForm()
            .file("files[]", "x/SKILL.md", manifest("other", "X."))
            .post(http, "/v1/skills/" + id + "/versions");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error()).contains("the skill is named 'steady'");
    RawHttp.Answer titled =
        new MultipartForm()
            .field("display_name", "x")
            .file("files[]", "x/SKILL.md", manifest("steady", "X."))
            .post(http, "/v1/skills/" + id + "/versions");
    assertThat(titled.status()).isEqualTo(400);
    sdk.skills().delete(id);
  }

  @Test
  void unknownAndForeignSkillsAreNotFound() {
    JsonNode mine = create("mine");
    OrganizationId other = caisson.engine().organizations().create("other");
    RawHttp theirs = new RawHttp(caisson.url(), caisson.engine().keys().create(other, "k").text());
    for (String id : List.of("skill_none", "x", "skill_", mine.path("id").asString())) {
      String path = "/v1/skills/" + id;
      for (RawHttp.Answer answer :
          List.of(
              theirs.get(path),
              theirs.delete(path),
              theirs.get(path + "/versions"),
              theirs.get(path + "/versions/latest"),
              theirs.get(path + "/versions/latest/content"),
              theirs.delete(path + "/versions/1"),
              new MultipartForm()
                  .file("files[]", "mine/SKILL.md", manifest("mine", "M."))
                  .post(theirs, path + "/versions"))) {
        assertThat(answer.status()).as(path + ": " + answer.text()).isEqualTo(404);
      }
    }
    assertThat(theirs.get("/v1/skills").json().path("data").isEmpty()).isTrue();
    String path = "/v1/skills/" + mine.path("id").asString();
    assertThat(http.get(path + "/versions/skver_none").status()).isEqualTo(404);
    assertThat(http.get(path + "/versions/" + "9".repeat(300)).status()).isEqualTo(404);
    http.delete(path);
  }

  private static JsonNode create(String name) {
    return new MultipartForm()
        .file("files[]", name + "/SKILL.md", manifest(name, "About " + name + "."))
        .post(http, "/v1/skills")
        .json();
  }

  private static SkillVersion version(String skill, String reference) {
    return sdk.skills()
        .versions()
        .retrieve(VersionRetrieveParams.builder().skillId(skill).version(reference).build());
  }

  private static List<MultipartField<InputStream>> files(String... namesAndTexts) {
    List<MultipartField<InputStream>> files = new ArrayList<>();
    for (int i = 0; i < namesAndTexts.length; i += 2) {
      byte[] text = namesAndTexts[i + 1].getBytes(StandardCharsets.UTF_8);
      files.add(
          MultipartField.<InputStream>builder()
              .value(new ByteArrayInputStream(text))
              .filename(namesAndTexts[i])
              .contentType("application/octet-stream")
              .build());
    }
    return files;
  }

  private static Map<String, String> unzip(HttpResponse response) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (ZipInputStream zip = new ZipInputStream(response.body())) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), new String(zip.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return files;
  }

  private static List<Path> blobsHalfWritten() {
    try (Stream<Path> files = Files.list(directory.resolve("data/blobs/staging"))) {
      return files.toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
