package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.TooLarge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Workspaces with file systems of their own: the kernel holds their limit of disk. */
@Tag("root")
class VolumeTest {
  private static final long LIMIT = ByteSize.ofMebibytes(32).bytes();
  private static final Limits LIMITS = SandboxFixture.LIMITS.withDisk(new ByteSize(LIMIT));

  /** Writes to all parts of the workspace in turn until the kernel refuses; prints how much. */
  private static final String FILL =
      """
      import errno, os
      taken, block = 0, os.urandom(1 << 16)
      places = ["/tmp", "/home/user", "/files/input", "/files/output", "/skills", "/opt/caisson-state"]
      files = [open(place + "/filler", "wb", buffering=0) for place in places]
      try:
          while taken < 1 << 30:
              for file in files:
                  taken += file.write(block)
      except OSError as problem:
          print(errno.errorcode[problem.errno], taken)
      """;

  private SandboxFixture fixture;

  @BeforeEach
  void open() throws IOException {
    fixture = new SandboxFixture(Walls.ROOT);
  }

  @AfterEach
  void close() throws IOException {
    fixture.close();
    assertThat(devices()).isEmpty();
  }

  private Path containers() {
    return fixture.settings.data().resolve("containers");
  }

  /** Loop devices of this data directory's volumes. */
  private List<String> devices() throws IOException {
    try (Stream<Path> blocks = Files.list(Path.of("/sys/block"))) {
      return blocks
          .map(block -> block.resolve("loop/backing_file"))
          .map(VolumeTest::read)
          .filter(file -> file.contains(fixture.root.getFileName().toString()))
          .toList();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return ""; // not in use
    }
  }

  private void awaitDevices(int count) {
    await().atMost(Duration.ofSeconds(20)).until(() -> devices().size() == count);
  }

  @Test
  void theKernelRefusesWhatIsOverTheLimitOfAllFilesTogether() {
    ContainerId id = ContainerId.next();
    try (Sandbox sandbox = fixture.open(id, LIMITS)) {
      assertThat(sandbox.diskBounded()).isTrue();
      String[] told = SandboxFixture.fresh(sandbox, FILL).stdout().text().split("\\s+", -1);
      assertThat(told[0]).isEqualTo("ENOSPC");
      assertThat(Long.parseLong(told[1])).isBetween(LIMIT, LIMIT + LIMIT / 32);
      assertThat(
              SandboxFixture.bash(sandbox, "head -c 1000000 /dev/zero > /tmp/more").stderr().text())
          .contains("No space left");
      InputStream megabyte = new java.io.ByteArrayInputStream(new byte[1 << 20]);
      assertThatThrownBy(() -> sandbox.write("/tmp/api", megabyte))
          .isInstanceOf(TooLarge.class)
          .hasMessageContaining("no space left in the container, which is at its disk limit");
      assertThat(sandbox.list("/tmp")).noneMatch(entry -> entry.path().equals("/tmp/api"));
      assertThat(sandbox.diskBytes()).isGreaterThan(LIMIT);
      assertThat(
              SandboxFixture.bash(sandbox, "rm -f /tmp/filler; echo ok > /tmp/a").stderr().text())
          .isEmpty();
      assertThat(SandboxFixture.python(sandbox, "print(open('/tmp/a').read())").stdout().text())
          .isEqualTo("ok\n\n");
    }
  }

  @Test
  void aFloodOfSmallFilesIsRefusedAndClearedUp() {
    ContainerId id = ContainerId.next();
    try (Sandbox sandbox = fixture.open(id, LIMITS)) {
      CellRun flood =
          SandboxFixture.fresh(
              sandbox,
              """
              import errno
              try:
                  for number in range(1_000_000):
                      open("/tmp/%d" % number, "w").close()
              except OSError as problem:
                  print(errno.errorcode[problem.errno], number < 10_000)
              """);
      assertThat(flood.stdout().text()).isEqualTo("ENOSPC True\n");
      assertThatThrownBy(
              () -> {
                // What ended with the cell has left room for one or two.
                for (int i = 0; i < 9; i++) {
                  sandbox.write("/tmp/api" + i, InputStream.nullInputStream());
                }
              })
          .isInstanceOf(TooLarge.class)
          .hasMessageContaining("no files left");
    }
    fixture.sandboxes.delete(id);
    await().until(() -> entries(containers().resolve(".trash")) == 0);
  }

  @Test
  void filesStayWhenTheSandboxGoesAndSpaceComesBackToTheHost() throws IOException {
    ContainerId id = ContainerId.next();
    Path volume = containers().resolve(id.value()).resolve("volume");
    try (Sandbox sandbox = fixture.open(id, LIMITS)) {
      SandboxFixture.bash(
          sandbox, "head -c 20000000 /dev/urandom > /tmp/big; echo kept > /tmp/kept; sync");
      assertThat(devices()).hasSize(1);
      assertThat(blocks(volume)).isGreaterThan(20_000_000);
      SandboxFixture.bash(sandbox, "rm /tmp/big; sync");
    }
    awaitDevices(0);
    assertThat(blocks(volume)).isLessThan(2_000_000);
    try (Sandbox again = fixture.open(id, LIMITS)) {
      assertThat(SandboxFixture.bash(again, "cat /tmp/kept").stdout().text()).isEqualTo("kept\n");
    }
  }

  @Test
  void noSandboxKeepsTheVolumeOfAnotherOne() throws IOException {
    ContainerId first = ContainerId.next();
    try (Sandbox other = fixture.open(ContainerId.next(), LIMITS)) {
      try (Sandbox one = fixture.open(first, LIMITS)) {
        assertThat(one.isAlive()).isTrue();
        assertThat(devices()).hasSize(2);
        assertThat(
                SandboxFixture.bash(
                        other, "grep /proc/self/fd /proc/self/mountinfo | cut -d' ' -f3 | uniq -c")
                    .stdout()
                    .text())
            .matches("\\s+5 7:\\d+\n");
      }
      fixture.sandboxes.delete(first);
      awaitDevices(1);
      await().until(() -> entries(containers().resolve(".trash")) == 0);
      assertThat(SandboxFixture.bash(other, "echo goes on").stdout().text()).isEqualTo("goes on\n");
    }
  }

  @Test
  void theDeathOfTheKeeperLeavesNoDeviceAndLosesNothing() throws IOException {
    ContainerId id = ContainerId.next();
    try (Sandbox sandbox = fixture.open(id, LIMITS)) {
      SandboxFixture.bash(sandbox, "echo kept > /tmp/kept");
      KeeperTest.keeperOf(fixture).destroyForcibly();
      awaitDevices(0);
    }
    try (Sandbox again = fixture.open(id, LIMITS)) {
      assertThat(SandboxFixture.bash(again, "cat /tmp/kept").stdout().text()).isEqualTo("kept\n");
    }
  }

  @Test
  void isOpenedAgainAtOnceWithoutASecondDevice() {
    ContainerId id = ContainerId.next();
    for (int i = 0; i < 5; i++) {
      try (Sandbox sandbox = fixture.open(id, LIMITS)) {
        CellRun run = SandboxFixture.bash(sandbox, "echo x >> /tmp/lines; wc -l < /tmp/lines");
        assertThat(run.stdout().text()).isEqualTo((i + 1) + "\n");
      }
    }
  }

  @Test
  void aVolumeThatTheMachineWentDownUnderIsRepaired() throws Exception {
    ContainerId id = ContainerId.next();
    Path volume = containers().resolve(id.value()).resolve("volume");
    fixture.open(id, LIMITS).close();
    awaitDevices(0);
    // As a machine leaves it that lost power: in use, with free blocks miscounted.
    debug(volume, "set_super_value state 0");
    debug(volume, "set_super_value free_blocks_count 1");
    try (Sandbox sandbox = fixture.open(id, LIMITS)) {
      assertThat(
              SandboxFixture.bash(sandbox, "head -c 9000000 /dev/zero > /tmp/x && echo ok")
                  .stdout()
                  .text())
          .isEqualTo("ok\n");
    }
    awaitDevices(0);
    assertThat(new ProcessBuilder("e2fsck", "-n", "-f", volume.toString()).start().waitFor())
        .isZero();
  }

  @Test
  void bothKindsOfWorkspacesLiveSideBySideAndAreCopied() throws Exception {
    ContainerId plain = ContainerId.next();
    fixture.sandboxes.close();
    try (LocalSandboxes watchdog = fixture.again(DiskWall.WATCHDOG);
        Sandbox sandbox = fixture.open(watchdog, plain, LIMITS)) {
      assertThat(sandbox.diskBounded()).isFalse();
      SandboxFixture.bash(sandbox, "echo plain > /tmp/kind");
    }
    try (LocalSandboxes loop = fixture.again(DiskWall.AUTO)) {
      ContainerId volume = ContainerId.next();
      try (Sandbox sandbox = fixture.open(loop, volume, LIMITS)) {
        SandboxFixture.bash(sandbox, "echo volume > /tmp/kind");
        ContainerId fork = ContainerId.next();
        assertThat(loop.copy(volume, fork)).isPresent();
        Path outside = fixture.root.resolve("outside");
        assertThat(loop.copy(volume, outside)).isPresent();
        ContainerId restored = ContainerId.next();
        assertThat(loop.copy(outside, restored)).isPresent();
        for (ContainerId copy : List.of(fork, restored)) {
          try (Sandbox opened = fixture.open(loop, copy, LIMITS)) {
            assertThat(opened.diskBounded()).isTrue();
            assertThat(text(opened, "/tmp/kind")).isEqualTo("volume\n");
            assertThat(SandboxFixture.fresh(opened, FILL).stdout().text()).startsWith("ENOSPC");
          }
        }
      }
      try (Sandbox sandbox = fixture.open(loop, plain, LIMITS)) {
        assertThat(sandbox.diskBounded()).isFalse();
        assertThat(text(sandbox, "/tmp/kind")).isEqualTo("plain\n");
      }
      ContainerId fork = ContainerId.next();
      assertThat(loop.copy(plain, fork)).isPresent();
      try (Sandbox sandbox = fixture.open(loop, fork, LIMITS)) {
        assertThat(text(sandbox, "/tmp/kind")).isEqualTo("plain\n");
      }
      loop.delete(volume);
      loop.delete(plain);
      await().until(() -> entries(containers().resolve(".trash")) == 0);
    }
  }

  private static String text(Sandbox sandbox, String path) throws IOException {
    try (var content = sandbox.read(path, ByteRange.ALL)) {
      return new String(content.stream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  private static long blocks(Path file) throws IOException {
    Process du = new ProcessBuilder("du", "-B1", file.toString()).start();
    return Long.parseLong(
        new String(du.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
            .split("\\s", -1)[0]);
  }

  private static void debug(Path volume, String request) throws Exception {
    Process debugfs =
        new ProcessBuilder("debugfs", "-w", "-R", request, volume.toString())
            .redirectErrorStream(true)
            .start();
    debugfs.getInputStream().readAllBytes();
    assertThat(debugfs.waitFor()).isZero();
  }

  private static long entries(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.count();
    }
  }
}
