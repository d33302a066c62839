package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.TooLarge;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@OnEveryDatabase
class FileStoreTest {
  private final DatabaseKind database;
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final ByteSize LIMIT = ByteSize.ofMebibytes(1);

  @TempDir Path data;
  private Store store;
  private OrganizationId organization;

  FileStoreTest(DatabaseKind database) {
    this.database = database;
  }

  @BeforeEach
  void open() {
    store = database.open(data);
    organization = store.organizations().oldest(NOW);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void keepsEqualContentOnce() throws Exception {
    StoredFile one = upload(store, "one", "same");
    StoredFile two = upload(store, "two", "same");
    assertThat(one.sha256()).isEqualTo(two.sha256());
    assertThat(blobs()).containsExactly(one.sha256());

    delete(store, one.id());
    assertThat(read(two)).isEqualTo("same");
    delete(store, two.id());
    assertThat(blobs()).isEmpty();
  }

  @Test
  void keepsNothingOfContentOverTheLimit() throws Exception {
    byte[] content = new byte[(int) LIMIT.bytes() + 1];
    assertThatThrownBy(
            () -> store.blobs().stage(new ByteArrayInputStream(content), LIMIT, "file 'x'"))
        .isInstanceOf(TooLarge.class)
        .hasMessage("file 'x' is over the limit of 1MiB for one file");
    assertThat(staged()).isEmpty();
    byte[] exact = new byte[(int) LIMIT.bytes()];
    store.blobs().stage(new ByteArrayInputStream(exact), LIMIT, "file 'x'").discard();
  }

  @Test
  void keepsNothingOfAnUploadThatBreaksOff() throws Exception {
    InputStream broken =
        new SequenceInputStream(new ByteArrayInputStream(new byte[1000]), new ResetConnection());
    assertThatThrownBy(() -> store.blobs().stage(broken, LIMIT, "file 'x'"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("connection reset");
    assertThat(staged()).isEmpty();
  }

  @Test
  void keepsContentThatIsReservedWhileItsLastRowGoes() throws Exception {
    StoredFile old = upload(store, "old", "content");
    Blobs.Staged staged = stage(store, "content");
    String reservation = store.files().reserve(staged.sha256(), store.owner().id());
    store.blobs().place(staged, Blobs.Durability.CRASH);

    delete(store, old.id());

    assertThat(blobs()).containsExactly(old.sha256());
    StoredFile file = file("new", staged);
    store.files().insert(organization, file, reservation, Long.MAX_VALUE);
    assertThat(read(file)).isEqualTo("content");
  }

  @Test
  void deletesContentOfAnAbandonedReservation() throws Exception {
    Blobs.Staged staged = stage(store, "content");
    String reservation = store.files().reserve(staged.sha256(), store.owner().id());
    store.blobs().place(staged, Blobs.Durability.CRASH);
    store.files().abandon(List.of(reservation));
    store.files().collectGarbage(store.blobs());
    assertThat(blobs()).isEmpty();
  }

  @Test
  void namesNoContentThatWasGivenUpMeanwhile() throws Exception {
    Blobs.Staged staged = stage(store, "content");
    String reservation = store.files().reserve(staged.sha256(), store.owner().id());
    store.blobs().place(staged, Blobs.Durability.CRASH);
    store.files().abandon(List.of(reservation));
    store.files().collectGarbage(store.blobs());
    StoredFile file = file("late", staged);
    assertThatThrownBy(() -> store.files().insert(organization, file, reservation, Long.MAX_VALUE))
        .isInstanceOf(Conflict.class);
    assertThat(store.files().find(organization, file.id())).isEmpty();
  }

  @Test
  void clearsAwayWhatADeadOwnerHadBegun() throws Exception {
    Store dying = database.open(data);
    Blobs.Staged placed = stage(dying, "placed");
    dying.files().reserve(placed.sha256(), dying.owner().id());
    dying.blobs().place(placed, Blobs.Durability.CRASH);
    stage(dying, "staged only");
    dying.close();
    Blobs.Staged ours = stage(store, "ours");

    store.sweep();

    assertThat(blobs()).isEmpty();
    assertThat(staged()).containsExactly(ours.file().getFileName().toString());
  }

  /** Uploads and deletions of one content by two owners, interleaved as chance has it. */
  @Test
  void neverShowsARowWithoutItsContent() throws Exception {
    try (Store other = database.open(data);
        ExecutorService threads = Executors.newFixedThreadPool(6)) {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int t = 0; t < 6; t++) {
        Store mine = t % 2 == 0 ? store : other;
        tasks.add(() -> {
          int read = 0;
          for (int i = 0; i < 40; i++) {
            StoredFile file = upload(mine, "f", "the one content");
            assertThat(read(file)).isEqualTo("the one content");
            read++;
            delete(mine, file.id());
          }
          return read;
        });
      }
      int total = 0;
      for (Future<Integer> task : threads.invokeAll(tasks)) {
        total += task.get();
      }
      assertThat(total).isEqualTo(240);
    }
    store.files().collectGarbage(store.blobs());
    assertThat(blobs()).isEmpty();
    assertThat(staged()).isEmpty();
  }

  @Test
  void saysWhenContentIsNotWhole() throws Exception {
    StoredFile file = upload(store, "a", "whole content");
    Path blob = data.resolve("blobs").resolve(file.sha256().substring(0, 2)).resolve(file.sha256());
    Files.writeString(blob, "half");
    assertThatThrownBy(() -> store.blobs().open(file.sha256(), file.sizeBytes()))
        .isInstanceOf(Internal.class)
        .hasMessageContaining(file.sha256());
    assertThat(read(upload(store, "b", "whole content"))).isEqualTo("whole content");
  }

  @Test
  void forgetsFilesThatExpired() throws Exception {
    Blobs.Staged staged = stage(store, "x");
    String reservation = store.files().reserve(staged.sha256(), store.owner().id());
    store.blobs().place(staged, Blobs.Durability.CRASH);
    StoredFile file =
        new StoredFile(
            FileId.next(),
            "x",
            "text/plain",
            staged.sizeBytes(),
            staged.sha256(),
            NOW,
            false,
            Optional.of(NOW.plusSeconds(10)));
    store.files().insert(organization, file, reservation, Long.MAX_VALUE);
    store.files().deleteExpired(NOW.plusSeconds(10));
    assertThat(store.files().find(organization, file.id())).contains(file);
    store.files().deleteExpired(NOW.plusSeconds(11));
    store.files().collectGarbage(store.blobs());
    assertThat(store.files().find(organization, file.id())).isEmpty();
    assertThat(blobs()).isEmpty();
  }

  @Test
  void findsThoseThatExistNewestFirst() {
    StoredFile one = upload(store, "one", "1");
    StoredFile two = upload(store, "two", "2");
    assertThat(store.files().find(organization, List.of(one.id(), FileId.next(), two.id())))
        .containsExactly(two, one);
    assertThat(store.files().find(organization, List.of())).isEmpty();
  }

  @Test
  void showsNothingOfAnotherOrganization() {
    StoredFile file = upload(store, "one", "1");
    OrganizationId other = store.organizations().create("other", NOW).orElseThrow();
    assertThat(store.files().find(other, file.id())).isEmpty();
    assertThat(store.files().find(other, List.of(file.id()))).isEmpty();
    assertThat(store.files().list(other, PageRequest.first()).items()).isEmpty();
    assertThat(store.files().delete(other, file.id())).isFalse();
  }

  private StoredFile upload(Store into, String name, String content) {
    Blobs.Staged staged = stage(into, content);
    String reservation = into.files().reserve(staged.sha256(), into.owner().id());
    into.blobs().place(staged, Blobs.Durability.CRASH);
    StoredFile file = file(name, staged);
    into.files().insert(organization, file, reservation, Long.MAX_VALUE);
    return file;
  }

  private void delete(Store from, FileId id) {
    assertThat(from.files().delete(organization, id)).isTrue();
    from.files().collectGarbage(from.blobs());
  }

  private static Blobs.Staged stage(Store into, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    return into.blobs().stage(new ByteArrayInputStream(bytes), LIMIT, "file");
  }

  private static StoredFile file(String name, Blobs.Staged staged) {
    return new StoredFile(
        FileId.next(),
        name,
        "text/plain",
        staged.sizeBytes(),
        staged.sha256(),
        NOW,
        false,
        Optional.empty());
  }

  private String read(StoredFile file) throws IOException {
    try (FileContent content = store.blobs().open(file.sha256(), file.sizeBytes())) {
      return new String(content.stream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private List<String> blobs() throws IOException {
    try (Stream<Path> files = Files.walk(data.resolve("blobs"))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .filter(name -> name.length() == 64)
          .toList();
    }
  }

  private List<String> staged() throws IOException {
    try (Stream<Path> files = Files.list(data.resolve("blobs").resolve("staging"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  /** A peer that went away. */
  private static final class ResetConnection extends InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("connection reset");
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      throw new IOException("connection reset");
    }
  }
}
