package dev.caisson.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashCacheTest {
  private static final String HASH_OF_ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir Path directory;
  private Path input;
  private Path store;

  @BeforeEach
  void write() throws Exception {
    input = Files.writeString(directory.resolve("input"), "abc");
    store = directory.resolve("hashes.json");
  }

  @Test
  void readsAnUntouchedFileOnce() throws Exception {
    HashCache first = at(Duration.ofSeconds(10));
    assertThat(first.sha256(input)).isEqualTo(HASH_OF_ABC);
    first.save();

    HashCache second = at(Duration.ofSeconds(20));
    assertThat(second.sha256(input)).isEqualTo(HASH_OF_ABC);
    assertThat(second.hashedFiles()).isZero();
  }

  @Test
  void readsAFileAgainThatWasHashedRightAfterItChanged() throws Exception {
    HashCache first = at(Duration.ofMillis(1900));
    first.sha256(input);
    first.sha256(input);
    assertThat(first.hashedFiles()).isEqualTo(1);
    first.save();

    HashCache second = at(Duration.ofSeconds(20));
    second.sha256(input);
    assertThat(second.hashedFiles()).isEqualTo(1);
  }

  @Test
  void seesAContentOfTheSameSizeUnderTheOldModificationTime() throws Exception {
    FileTime before = Files.getLastModifiedTime(input);
    HashCache first = at(Duration.ofSeconds(10));
    first.sha256(input);
    first.save();
    Files.writeString(input, "abd");
    Files.setLastModifiedTime(input, before);

    assertThat(at(Duration.ofSeconds(20)).sha256(input)).isNotEqualTo(HASH_OF_ABC);
  }

  @Test
  void startsEmptyWhenItCannotBeRead() throws Exception {
    Files.writeString(store, "{\"torn");

    assertThat(at(Duration.ofSeconds(10)).sha256(input)).isEqualTo(HASH_OF_ABC);
  }

  /** A cache whose clock shows that long after the file was written. */
  private HashCache at(Duration later) throws Exception {
    Instant then = FileStamp.of(input).touched().plus(later);
    return HashCache.load(store, InstantSource.fixed(then));
  }
}
