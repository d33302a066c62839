package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a copy of a workspace holds, and what is left of one that did not end. */
class WorkspaceCopyTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** One of everything that code can make, and nothing that a copy could not have. */
  private static final String EVERYTHING =
      """
      import os, socket, sys
      os.chdir("/home/user")
      open("plain", "w").write("text")
      os.utime("plain", ns=(1, 1234567890123456789))
      open("program", "w").write("#!/bin/sh")
      os.chmod("program", 0o751)
      open("closed", "w").write("nobody reads this")
      os.chmod("closed", 0)
      os.link("plain", "/home/user/again")
      os.mkdir("dir"); os.mkdir("dir/locked")
      os.link("plain", "dir/third")
      open("dir/locked/inside", "w").write("locked in")
      os.chmod("dir/locked", 0)
      os.symlink("plain", "link"); os.symlink("/etc/shadow", "outside"); os.symlink("no/where", "dangling")
      os.symlink("../../../../../../../../../../etc", "dir/up")
      os.utime("link", ns=(1, 1000000001), follow_symlinks=False)
      open(b"\\xff\\xfe name\\n\\x01", "w").write("bytes")
      with open("sparse", "wb") as file:
          file.seek(50 << 20); file.write(b"island"); file.truncate(90 << 20)
      open("empty", "w")
      open("big", "wb").write(os.urandom(3_000_000))
      os.setxattr("plain", "user.note", b"of its own")
      open("/tmp/x", "w").write("in tmp"); open("/skills/s", "w").write("skill")
      open("/files/input/i", "w").write("input")
      os.mkdir("/tmp/sticky"); os.chmod("/tmp/sticky", 0o3770)
      os.utime("dir", ns=(1, 5000000005))
      os.mkdir("/tmp/deep"); os.chdir("/tmp/deep")
      for _ in range(DEPTH):
          os.mkdir("d"); os.chdir("d")
      open("bottom", "w").write("far down")
      """;

  /** With it, paths are longer than the kernel takes and deeper than descriptors go. */
  private static final int VERY_DEEP = 3000;

  /** Writes down all that there is; what shuts out its owner is opened and shut again. */
  private static final String LISTING =
      """
      import hashlib, os, stat
      def show(name, at, info):
          kind = stat.S_IFMT(info.st_mode)
          words = [name, oct(info.st_mode), info.st_uid, info.st_gid, info.st_mtime_ns]
          if kind == stat.S_IFLNK:
              words.append(os.readlink(at))
          elif kind == stat.S_IFREG:
              os.chmod(at, 0o600)
              with open(at, "rb") as file:
                  words += [info.st_nlink, info.st_size, hashlib.file_digest(file, "sha256").hexdigest()]
              words += [(key, os.getxattr(at, key)) for key in os.listxattr(at)]
              if info.st_size > 5_000_000:
                  words.append("holes" if info.st_blocks < 1000 else "full")
              os.chmod(at, stat.S_IMODE(info.st_mode))
          lines.append(repr(words))
      lines = []
      def walk(top, name):
          # Down and up by the working directory: some trees are deeper than paths are long.
          os.chdir(top)
          stack = [(sorted(os.listdir(b".")), None, None)]
          while stack:
              names, left, info = stack[-1]
              if not names:
                  stack.pop()
                  if stack:
                      os.chdir("..")
                      os.chmod(left, stat.S_IMODE(info.st_mode))
                  continue
              at = names.pop()
              info = os.lstat(at)
              if stat.S_ISFIFO(info.st_mode):
                  continue
              show((len(stack), at), at, info)
              if stat.S_ISDIR(info.st_mode):
                  os.chmod(at, 0o700)
                  os.chdir(at)
                  stack.append((sorted(os.listdir(b".")), at, info))
      for top in ("/tmp", "/home/user", "/files/input", "/skills"):
          show(top, top, os.stat(top))
          walk(top, top)
      # The endless ones are told by their sum.
      print(hashlib.sha256("\\n".join(lines).encode()).hexdigest(), len(lines))
      print("\\n".join(line for line in lines if "b'd'" not in line))
      """;

  @ParameterizedTest
  @EnumSource
  void holdsAllThatTheWorkspaceHeld(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId from = ContainerId.next();
      ContainerId to = ContainerId.next();
      String held;
      try (Sandbox source = fixture.open(from)) {
        assertThat(SandboxFixture.fresh(source, everything(VERY_DEEP)).stderr().text()).isEmpty();
        SandboxFixture.bash(source, "mkfifo /tmp/pipe");
        held = listing(source);
        WorkspaceCopy copy = fixture.sandboxes.copy(from, to).orElseThrow();
        assertThat(copy.skipped()).containsExactly("/tmp/pipe");
        assertThat(copy.skippedCount()).isEqualTo(1);
        assertThat(copy.files()).isEqualTo(12);
      }
      try (Sandbox fork = fixture.open(to)) {
        assertThat(listing(fork)).isEqualTo(held);
      }
      // Beyond what the fixture can remove.
      fixture.sandboxes.delete(from);
      fixture.sandboxes.delete(to);
      await(() -> entries(containers(fixture).resolve(".trash")) == 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void belongsToTheOtherContainerAlone(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId from = ContainerId.next();
      ContainerId to = ContainerId.next();
      try (Sandbox source = fixture.open(from)) {
        SandboxFixture.bash(source, "echo one > /tmp/a; ln /tmp/a /tmp/b");
        assertThat(fixture.sandboxes.copy(from, to)).isPresent();
        SandboxFixture.bash(source, "echo of the source >> /tmp/a");
        try (Sandbox fork = fixture.open(to)) {
          CellRun run =
              SandboxFixture.bash(fork, "echo two >> /tmp/b; cat /tmp/a; touch /files/input/x");
          assertThat(run.stdout().text()).isEqualTo("one\ntwo\n");
          assertThat(run.stderr().text()).isEmpty();
        }
        assertThat(SandboxFixture.bash(source, "cat /tmp/b").stdout().text())
            .isEqualTo("one\nof the source\n");
      }
      int owner = fixture.owner(from);
      int other = fixture.owner(to);
      if (walls == Walls.ROOT) {
        assertThat(other).isNotEqualTo(owner);
      } else {
        assertThat(other).isEqualTo(owner);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void isTakenAtOneInstantOfWhatRunsOn(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId from = ContainerId.next();
      ContainerId to = ContainerId.next();
      try (Sandbox source = fixture.open(from)) {
        // A thread that numbers files in turn, again and again: seen at one instant, the numbers
        // fall at most once from one file to the next, and by one.
        SandboxFixture.python(
            source,
            """
            import os, threading
            def number():
                files = [os.open("/tmp/%03d" % i, os.O_RDWR | os.O_CREAT) for i in range(400)]
                n = 10**9
                while True:
                    n += 1
                    for file in files:
                        os.pwrite(file, b"%d" % n, 0)
            threading.Thread(target=number, daemon=True).start()
            """);
        await(() -> SandboxFixture.bash(source, "cat /tmp/399").stdout().text().length() == 10);
        assertThat(fixture.sandboxes.copy(from, to)).isPresent();
        String then = SandboxFixture.bash(source, "cat /tmp/000").stdout().text();
        await(() -> !SandboxFixture.bash(source, "cat /tmp/000").stdout().text().equals(then));
      }
      try (Sandbox fork = fixture.open(to)) {
        CellRun run =
            SandboxFixture.fresh(
                fork,
                """
                numbers = [int(open("/tmp/%03d" % i).read()) for i in range(400)]
                falls = [a - b for a, b in zip(numbers, numbers[1:]) if a != b]
                print(len(numbers), falls in ([], [1]), falls[:5])
                """);
        assertThat(run.stdout().text()).startsWith("400 True");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesNothingWhenItsCallerGoes(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId from = ContainerId.next();
      ContainerId to = ContainerId.next();
      try (Sandbox source = fixture.open(from)) {
        fill(source);
        FutureTask<Object> copying = new FutureTask<>(() -> fixture.sandboxes.copy(from, to));
        Thread caller = Thread.ofVirtual().start(copying);
        await(() -> entries(containers(fixture).resolve(".fresh")) > 0);
        caller.interrupt();
        assertThatThrownBy(() -> copying.get(30, TimeUnit.SECONDS))
            .hasCauseInstanceOf(InterruptedException.class);
        await(() -> entries(containers(fixture).resolve(".fresh")) == 0);
        await(() -> entries(containers(fixture).resolve(".trash")) == 0);
        assertThat(workspace(fixture, to)).doesNotExist();
        assertThat(SandboxFixture.python(source, "print('goes on')").stdout().text())
            .isEqualTo("goes on\n");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesNothingWhenTheKeeperIsKilled(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId from = ContainerId.next();
      ContainerId to = ContainerId.next();
      try (Sandbox source = fixture.open(from)) {
        fill(source);
        FutureTask<Object> copying = new FutureTask<>(() -> fixture.sandboxes.copy(from, to));
        Thread.ofVirtual().start(copying);
        await(() -> entries(containers(fixture).resolve(".fresh")) > 0);
        ProcessHandle keeper = KeeperTest.keeperOf(fixture);
        keeper.destroyForcibly();
        await(() -> !keeper.isAlive());
        assertThatThrownBy(() -> copying.get(30, TimeUnit.SECONDS))
            .hasCauseInstanceOf(CaissonException.HostUnfit.class);
      }
      assertThat(fixture.sandboxes.workspaces()).containsExactly(from);
      await(() -> entries(containers(fixture).resolve(".fresh")) == 0);
      await(() -> entries(containers(fixture).resolve(".trash")) == 0);
      assertThat(fixture.sandboxes.copy(from, to)).isPresent();
    }
  }

  @ParameterizedTest
  @EnumSource
  void isMadeOnlyFromAWorkspaceAndWhereThereIsNone(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId one = ContainerId.next();
      ContainerId other = ContainerId.next();
      assertThat(fixture.sandboxes.copy(one, other)).isEmpty();
      fixture.open(one).close();
      fixture.open(other).close();
      assertThatThrownBy(() -> fixture.sandboxes.copy(one, other))
          .isInstanceOf(CaissonException.HostUnfit.class)
          .hasMessageContaining(other + " has a workspace already");
      assertThat(entries(containers(fixture).resolve(".fresh"))).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void canLieOutsideAndBecomeAWorkspaceAgain(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId from = ContainerId.next();
      ContainerId to = ContainerId.next();
      String held;
      try (Sandbox source = fixture.open(from)) {
        SandboxFixture.fresh(source, everything(10));
        held = listing(source);
        Path outside = containers(fixture).resolveSibling("outside");
        assertThat(fixture.sandboxes.copy(from, outside)).isPresent();
        SandboxFixture.bash(source, "echo later > /tmp/x");
        assertThat(fixture.sandboxes.copy(outside, to)).isPresent();
        assertThatThrownBy(() -> fixture.sandboxes.copy(from, outside))
            .isInstanceOf(CaissonException.HostUnfit.class);
      }
      try (Sandbox restored = fixture.open(to)) {
        assertThat(listing(restored)).isEqualTo(held);
      }
    }
  }

  private static String everything(int depth) {
    return EVERYTHING.replace("DEPTH", Integer.toString(depth));
  }

  private static String listing(Sandbox sandbox) {
    CellRun run = SandboxFixture.fresh(sandbox, LISTING);
    assertThat(run.stderr().text()).isEmpty();
    assertThat(run.stdout().text()).contains("holes").doesNotContain("full");
    return run.stdout().text();
  }

  /** Enough that a copy of it is still under way when somebody looks. */
  private static void fill(Sandbox sandbox) {
    CellRun run =
        SandboxFixture.fresh(
            sandbox,
            """
            import os
            for i in range(3000):
                if i % 100 == 0:
                    os.mkdir("/tmp/%d" % i); os.chdir("/tmp/%d" % i)
                open("%d" % i, "w").write("x" * 100)
            """);
    assertThat(run.stderr().text()).isEmpty();
  }

  private static Path containers(SandboxFixture fixture) {
    return fixture.settings.data().resolve("containers");
  }

  private static Path workspace(SandboxFixture fixture, ContainerId container) {
    return containers(fixture).resolve(container.value());
  }

  private static long entries(Path directory) {
    try (Stream<Path> found = Files.list(directory)) {
      return found.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
    }
  }
}
