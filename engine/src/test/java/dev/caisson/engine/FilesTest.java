package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CaissonException.TooLarge;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilesTest {
  @TempDir Path root;
  private EngineFixture caisson;
  private Files files;

  @BeforeEach
  void open() throws Exception {
    caisson =
        new EngineFixture(
            root,
            EngineFixture.SETTINGS.withUploadLimit(new ByteSize(1000)).withLimits(Limits.DEFAULT));
    files = caisson.engine.files();
  }

  @AfterEach
  void close() {
    caisson.close();
  }

  @Test
  void keepsAnUpload() throws Exception {
    StoredFile file = caisson.upload("data.csv", "a,b\n");
    assertThat(file.downloadable()).isFalse();
    assertThat(file.sizeBytes()).isEqualTo(4);
    assertThat(file.createdAt()).isEqualTo(caisson.clock.instant());
    assertThat(files.get(caisson.organization, file.id())).isEqualTo(file);
    assertThat(caisson.content(file)).isEqualTo("a,b\n");
    assertThatThrownBy(() -> files.download(caisson.organization, file.id(), ByteRange.ALL))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining(file.id().value());
  }

  @Test
  void keepsAnEmptyFileAndTheLongestName() throws Exception {
    StoredFile file = caisson.upload("\uD83D\uDE00".repeat(255), "");
    assertThat(caisson.content(file)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a/b",
        "../a",
        "a\\b",
        "a:b",
        "a|b",
        "a?b",
        "a*b",
        "a<b",
        "a>b",
        "a\"b",
        "a\u0000b",
        "a\nb",
        "a\u001fb",
        "a\uD800"
      })
  void refusesABadName(String name) {
    assertThatThrownBy(() -> caisson.upload(name, "x"))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageStartingWith("filename: ");
  }

  @Test
  void refusesATooLongName() {
    assertThatThrownBy(() -> caisson.upload("a".repeat(256), "x"))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("1 to 255 characters, not 256");
  }

  @Test
  void refusesContentOverTheLimitByName() {
    caisson.upload("exact", "x".repeat(1000));
    assertThatThrownBy(() -> caisson.upload("big", "x".repeat(1001)))
        .isInstanceOf(TooLarge.class)
        .hasMessageContaining("'big'")
        .hasMessageContaining("1000B");
  }

  @Test
  void letsContentExpireBeforeItsEntry() throws Exception {
    StoredFile file = upload(Duration.ofHours(1));
    caisson.clock.advance(Duration.ofHours(1).minusMillis(1));
    assertThat(caisson.content(file)).isEqualTo("x");
    caisson.clock.advance(Duration.ofMillis(1));
    assertThatThrownBy(() -> caisson.content(file)).isInstanceOf(NotFound.class);
    assertThatThrownBy(() -> caisson.createWith(file))
        .isInstanceOf(NotFound.class)
        .hasMessageContaining(file.id().value());
    assertThat(files.get(caisson.organization, file.id())).isEqualTo(file);
    caisson.clock.advance(Duration.ofDays(30));
    caisson.engine.sweep();
    assertThat(files.get(caisson.organization, file.id())).isEqualTo(file);
    caisson.clock.advance(Duration.ofMillis(1));
    caisson.engine.sweep();
    assertThatThrownBy(() -> files.get(caisson.organization, file.id()))
        .isInstanceOf(NotFound.class);
  }

  @Test
  void refusesAnExpiryOutOfBounds() {
    upload(Duration.ofDays(90));
    for (Duration bad : List.of(Duration.ofSeconds(3599), Duration.ofDays(90).plusSeconds(1))) {
      assertThatThrownBy(() -> upload(bad))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("between 3600 and 7776000, not " + bad.toSeconds());
    }
    assertThat(files.list(caisson.organization, PageRequest.first()).items()).hasSize(1);
  }

  @Test
  void keepsNothingWhenTheExpiryTurnsOutBad() {
    assertThatThrownBy(() ->
            files.upload(
                caisson.organization,
                "a",
                "text/plain",
                EngineFixture.stream("x"),
                () -> {
                  throw new InvalidRequest("expires_in_seconds: no number");
                }))
        .isInstanceOf(InvalidRequest.class);
    assertThat(files.list(caisson.organization, PageRequest.first()).items()).isEmpty();
    assertThat(root.resolve("a data directory/blobs/staging")).isEmptyDirectory();
  }

  @Test
  void pagesNewestFirst() {
    StoredFile a = caisson.upload("a", "1");
    StoredFile b = caisson.upload("b", "2");
    StoredFile c = caisson.upload("c", "3");
    Page<StoredFile> first = files.list(caisson.organization, new PageRequest(2, Optional.empty()));
    assertThat(first.items()).containsExactly(c, b);
    Page<StoredFile> second = files.list(caisson.organization, new PageRequest(2, first.next()));
    assertThat(second.items()).containsExactly(a);
    assertThat(second.next()).isEmpty();
  }

  @Test
  void leavesContainersTheirCopyOfADeletedFile() {
    StoredFile file = caisson.upload("a", "copy");
    var container = caisson.createWith(file);
    files.delete(caisson.organization, file.id());
    assertThatThrownBy(() -> files.get(caisson.organization, file.id()))
        .isInstanceOf(NotFound.class);
    assertThatThrownBy(() -> files.delete(caisson.organization, file.id()))
        .isInstanceOf(NotFound.class);
    assertThat(caisson.bash(container.id(), "cat $INPUT_DIR/a").stdout().text()).isEqualTo("copy");
  }

  @Test
  void showsNothingToAnotherOrganization() {
    StoredFile file = caisson.upload("a", "secret");
    OrganizationId other = caisson.engine.organizations().create("other");
    String unknown = NotFound.file(file.id().value()).getMessage();
    assertThatThrownBy(() -> files.get(other, file.id())).hasMessage(unknown);
    assertThatThrownBy(() -> files.content(other, file.id())).hasMessage(unknown);
    assertThatThrownBy(() -> files.delete(other, file.id())).hasMessage(unknown);
    assertThat(files.find(other, List.of(file.id(), FileId.next()))).isEmpty();
  }

  private StoredFile upload(Duration expiresIn) {
    return files.upload(
        caisson.organization, "a", "text/plain", EngineFixture.stream("x"), Optional.of(expiresIn));
  }
}
