package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.ContainerId;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a manifest tells of a backup, and that nothing but a manifest is taken for one. */
class BackupManifestTest {
  private static final String HASH = "ab".repeat(32);
  private static final ContainerId CONTAINER = new ContainerId("container_" + "a".repeat(24));

  @TempDir Path backup;
  private BackupManifest whole;

  @BeforeEach
  void makeABackup() throws IOException {
    Path workspace = Files.createDirectories(backup.resolve("workspaces/" + CONTAINER + "/home"));
    Files.writeString(workspace.resolve("kept"), "text");
    Files.createSymbolicLink(workspace.resolve("link"), Path.of("/etc/shadow"));
    Files.writeString(backup.resolve("caisson.db"), "rows");
    Files.writeString(backup.resolve("credentials"), "key");
    whole =
        new BackupManifest(
            List.of(
                BackupManifest.Entry.of(backup, "caisson.db"),
                BackupManifest.Entry.of(backup, "credentials")),
            List.of(
                new BackupManifest.Tree(
                    CONTAINER, TreeDigest.of(backup.resolve("workspaces/" + CONTAINER)))));
  }

  @Test
  void isReadAsItWasWrittenAndFitsWhatLiesThere() throws IOException {
    whole.write(backup);
    assertThat(BackupManifest.read(backup)).isEqualTo(whole);
    BackupManifest.read(backup).verify(backup);
  }

  @Test
  void namesAFileThatHasChangedAndOneThatIsMissing() throws IOException {
    Files.writeString(backup.resolve("credentials"), "kez");
    assertThatThrownBy(() -> whole.verify(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("credentials has changed");
    Files.delete(backup.resolve("credentials"));
    assertThatThrownBy(() -> whole.verify(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("credentials is missing");
  }

  @Test
  void namesAWorkspaceThatHasChanged() throws IOException {
    Path home = backup.resolve("workspaces/" + CONTAINER + "/home");
    Files.delete(home.resolve("link"));
    Files.createSymbolicLink(home.resolve("link"), Path.of("/etc/passwd"));
    assertThatThrownBy(() -> whole.verify(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("workspace of " + CONTAINER + " has changed");
  }

  @Test
  void theDigestOfAWorkspaceIsTheSameWhereverItLies() throws IOException {
    Path one = backup.resolve("workspaces/" + CONTAINER);
    Path other = Files.createDirectories(backup.resolve("elsewhere/deeper")).resolve("copy");
    Files.createSymbolicLink(one.resolve("home/near"), Path.of("kept"));
    String before = TreeDigest.of(one);
    Files.move(one, other);
    assertThat(TreeDigest.of(other)).isEqualTo(before);
    Files.move(other.resolve("home/kept"), other.resolve("home/kepT"));
    assertThat(TreeDigest.of(other)).isNotEqualTo(before);
  }

  @Test
  void aDirectoryWithoutOneIsAnUnfinishedBackup() {
    assertThatThrownBy(() -> BackupManifest.read(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("did not end");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x",
        "/etc/passwd",
        "blobs/../../x",
        "blobs/ab/../caisson.db",
        "blobs/cd/" + "cd0",
        "run/admin-key",
        ""
      })
  void refusesANameThatNoBackupHas(String name) throws IOException {
    seal("caisson-backup 1\nfile %s 1 %s\n".formatted(HASH, name));
    assertThatThrownBy(() -> BackupManifest.read(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("no backup has");
  }

  @Test
  void refusesContentUnderAnotherHash() throws IOException {
    seal("caisson-backup 1\nfile %s 1 blobs/cd/%s\n".formatted(HASH, "cd".repeat(32)));
    assertThatThrownBy(() -> BackupManifest.read(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("no backup has");
  }

  @Test
  void refusesAManifestThatWasCutOff() throws IOException {
    whole.write(backup);
    Path file = backup.resolve("MANIFEST");
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 0; length < bytes.length; length += 7) {
      Files.write(file, java.util.Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> BackupManifest.read(backup)).isInstanceOf(HostUnfit.class);
    }
  }

  @Test
  void refusesAManifestWithAnotherByte() throws IOException {
    whole.write(backup);
    Path file = backup.resolve("MANIFEST");
    byte[] bytes = Files.readAllBytes(file);
    for (int i = 0; i < bytes.length; i += 5) {
      byte[] other = bytes.clone();
      other[i] ^= 1;
      Files.write(file, other);
      assertThatThrownBy(() -> BackupManifest.read(backup)).isInstanceOf(HostUnfit.class);
    }
  }

  @Test
  void refusesANewerFormat() throws IOException {
    seal("caisson-backup 2\nwhatever\n");
    assertThatThrownBy(() -> BackupManifest.read(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("format 2")
        .hasMessageContaining("newer");
  }

  @Test
  void refusesAManifestThatIsTooLargeWithoutReadingIt() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(backup.resolve("MANIFEST").toFile(), "rw")) {
      file.setLength((1L << 30) + 1);
    }
    assertThatThrownBy(() -> BackupManifest.read(backup))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining("is no manifest");
  }

  private void seal(String text) throws IOException {
    byte[] hash = Blobs.sha256().digest(text.getBytes(StandardCharsets.UTF_8));
    Files.writeString(
        backup.resolve("MANIFEST"), text + "end " + HexFormat.of().formatHex(hash) + "\n");
  }
}
