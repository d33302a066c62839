package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Life and death of the keeper, of those who use it, and of what it keeps. */
class KeeperTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @ParameterizedTest
  @EnumSource
  void survivesTheThreadThatOpenedASandbox(Walls walls) throws Exception {
    // bubblewrap's --die-with-parent follows the thread that started it.
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      for (Thread.Builder kind : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
        FutureTask<Sandbox> opening = new FutureTask<>(fixture::open);
        Thread opener = kind.start(opening);
        try (Sandbox sandbox = opening.get(30, TimeUnit.SECONDS)) {
          opener.join();
          SandboxFixture.python(sandbox, "x = 1");
          // A platform thread's death was seen to kill within 0.5 s.
          assertThat(SandboxFixture.bash(sandbox, "sleep 1; echo alive").stdout().text())
              .isEqualTo("alive\n");
          assertThat(SandboxFixture.python(sandbox, "print(x)").stdout().text()).isEqualTo("1\n");
        }
      }
      assertThat(keeperOf(fixture).parent())
          .hasValueSatisfying(
              parent -> assertThat(parent.pid()).isNotEqualTo(ProcessHandle.current().pid()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsAtOnceWhenItsLastUserCloses(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      fixture.open();
      ProcessHandle keeper = keeperOf(fixture);
      List<ProcessHandle> all = familyOf(keeper);
      assertThat(all).hasSizeGreaterThanOrEqualTo(3);
      assertThat(groupsOf(fixture).isEmpty()).isEqualTo(walls == Walls.ROOTLESS);
      fixture.sandboxes.close();
      await(() -> all.stream().noneMatch(ProcessHandle::isAlive));
      assertThat(groupsOf(fixture)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void keepsSandboxesOfOthersWhenOneUserCloses(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      Sandbox mine = fixture.open();
      LocalSandboxes others = LocalSandboxes.open(fixture.settings);
      Sandbox theirs = fixture.open(others, ContainerId.next(), SandboxFixture.LIMITS);
      assertThat(SandboxFixture.bash(theirs, "echo 1").stdout().text()).isEqualTo("1\n");
      others.close();
      assertThat(theirs.isAlive()).isFalse();
      assertThat(SandboxFixture.bash(mine, "echo 2").stdout().text()).isEqualTo("2\n");
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsWhatADeadUserLeftAfterTheOrphanTime(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls, Duration.ofSeconds(1))) {
      Process jvm = SandboxHolder.start(fixture);
      ProcessHandle keeper = keeperOf(fixture);
      List<ProcessHandle> all = familyOf(keeper);
      assertThat(all).hasSizeGreaterThanOrEqualTo(3);
      jvm.destroyForcibly().waitFor();
      assertThat(all).allMatch(ProcessHandle::isAlive);
      await(() -> all.stream().noneMatch(ProcessHandle::isAlive));
    }
  }

  @ParameterizedTest
  @EnumSource
  void survivesADeadUserWhileAnotherTakesOver(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      Process jvm = SandboxHolder.start(fixture);
      ProcessHandle keeper = keeperOf(fixture);
      jvm.destroyForcibly().waitFor();
      try (Sandbox sandbox = fixture.open(SandboxHolder.CONTAINER)) {
        assertThat(keeperOf(fixture)).isEqualTo(keeper);
        // Its file is there; its processes, which held a lock on it, are gone.
        CellRun run = SandboxFixture.bash(sandbox, "cat /tmp/held; flock -n /tmp/held echo free");
        assertThat(run.stdout().text()).isEqualTo("held\nfree\n");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void takesSandboxesWithItAndIsReplacedWhenKilled(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId container = ContainerId.next();
      Sandbox sandbox = fixture.open(container);
      SandboxFixture.bash(sandbox, "echo kept > /tmp/a");
      // The guest's rights change for a moment in every cell; the death signal must survive that.
      ProcessHandle keeper = keeperOf(fixture);
      List<ProcessHandle> all = familyOf(keeper);
      keeper.destroyForcibly();
      await(() -> all.stream().noneMatch(ProcessHandle::isAlive));
      assertThat(sandbox.isAlive()).isFalse();
      assertThat(SandboxFixture.bash(sandbox, "echo 1").outcome())
          .isEqualTo(new CellOutcome.Killed("sandbox_died", true));
      assertThatThrownBy(() -> sandbox.list("/tmp")).isInstanceOf(CaissonException.Internal.class);
      sandbox.close();
      try (Sandbox next = fixture.open(container)) {
        assertThat(SandboxFixture.bash(next, "cat /tmp/a").stdout().text()).isEqualTo("kept\n");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void reportsACellWhoseSandboxIsKilledUnderIt(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls);
        Sandbox sandbox = fixture.open()) {
      ProcessHandle guest = guestAmong(familyOf(keeperOf(fixture)));
      CellProgram program =
          new CellProgram(
              Language.BASH,
              "echo partial; sleep 60",
              InterpreterMode.FRESH,
              Duration.ofSeconds(60),
              Map.of(),
              SandboxFixture.outputDirectory());
      CellRun run =
          sandbox.run(
              program,
              (stream, text) -> {
                if (text.equals("partial\n")) {
                  guest.destroyForcibly();
                }
              });
      assertThat(run.outcome()).isEqualTo(new CellOutcome.Killed("sandbox_died", true));
      assertThat(run.stdout().text()).isEqualTo("partial\n");
      assertThat(run.stderr().text()).startsWith("sandbox_died: ");
      assertThat(sandbox.isAlive()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsASandboxWhoseGuestDoesNotAnswer(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls);
        LocalSandboxes impatient =
            LocalSandboxes.open(fixture.settings.withSecondCut(Duration.ofMillis(200)))) {
      Sandbox sandbox = fixture.open(impatient, ContainerId.next(), SandboxFixture.LIMITS);
      long guest = guestAmong(familyOf(keeperOf(fixture))).pid();
      assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(guest)).start().waitFor())
          .isZero();
      CellRun run =
          SandboxFixture.run(
              sandbox, Language.BASH, InterpreterMode.FRESH, "echo 1", Duration.ofMillis(300));
      assertThat(run.outcome()).isEqualTo(new CellOutcome.Killed("sandbox_died", true));
      await(() -> ProcessHandle.of(guest).isEmpty());
    }
  }

  @ParameterizedTest
  @EnumSource
  void opensManySandboxesAtOnce(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      List<FutureTask<String>> tasks = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int number = i;
        FutureTask<String> task =
            new FutureTask<>(() -> {
              try (Sandbox sandbox = fixture.open()) {
                return SandboxFixture.python(sandbox, "print(" + number + ")").stdout().text();
              }
            });
        tasks.add(task);
        Thread.ofVirtual().start(task);
      }
      for (int i = 0; i < tasks.size(); i++) {
        assertThat(tasks.get(i).get(60, TimeUnit.SECONDS)).isEqualTo(i + "\n");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void worksUnderALongPath(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls, "d".repeat(120));
        Sandbox sandbox = fixture.open()) {
      assertThat(SandboxFixture.python(sandbox, "print(1)").stdout().text()).isEqualTo("1\n");
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesASecondVersionWhileTheFirstIsUsedAndReplacesItAfter(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      fixture.open();
      ProcessHandle first = keeperOf(fixture);
      KeeperSources other = new KeeperSources("other", KeeperSources.load().files());
      try (KeeperClient newer = new KeeperClient(fixture.settings, other)) {
        assertThatThrownBy(newer::host)
            .isInstanceOf(CaissonException.HostUnfit.class)
            .hasMessageContaining("another version");
        fixture.sandboxes.close();
        assertThat(newer.host().path("pid").asLong()).isNotEqualTo(first.pid());
        await(() -> !first.isAlive());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void deletesWorkspacesThatHostileCodeMade(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      Path outside = fixture.root.resolve("outside");
      Files.writeString(outside, "untouched");
      ContainerId container = ContainerId.next();
      ContainerId kept = ContainerId.next();
      fixture.open(kept).close();
      Sandbox sandbox = fixture.open(container);
      SandboxFixture.bash(
          sandbox,
          "cd /tmp; ln -s "
              + outside
              + " a; ln -s / root; mkdir -p closed/inner; echo > closed/f;"
              + " chmod 000 closed/inner closed ~ $INPUT_DIR /files/output");
      SandboxFixture.python(
          sandbox,
          """
          import os
          os.chdir('/tmp')
          for depth in range(1500):
              os.mkdir('deep')
              os.chdir('deep')
          """);
      // A running sandbox is ended first.
      fixture.sandboxes.delete(container);
      assertThat(sandbox.isAlive()).isFalse();
      assertThat(fixture.sandboxes.workspaces()).containsExactly(kept);
      await(() -> isEmpty(trashOf(fixture)));
      assertThat(outside).hasContent("untouched");
      fixture.sandboxes.delete(container);
      try (Sandbox again = fixture.open(container)) {
        assertThat(again.list("/tmp")).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void emptiesTheTrashBeforeItEnds(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls, DiskWall.WATCHDOG)) {
      List<ContainerId> containers =
          List.of(ContainerId.next(), ContainerId.next(), ContainerId.next());
      for (ContainerId container : containers) {
        try (Sandbox sandbox = fixture.open(container)) {
          fill(sandbox, 3000);
        }
      }
      ProcessHandle keeper = keeperOf(fixture);
      // The last ones come while what the first held is being removed.
      containers.forEach(fixture.sandboxes::delete);
      fixture.sandboxes.close();
      await(() -> !keeper.isAlive());
      assertThat(trashOf(fixture)).isEmptyDirectory();
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsThoughSomethingCannotBeRemoved(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId container = ContainerId.next();
      fixture.open(container).close();
      Path stuck = Files.writeString(trashOf(fixture).resolve("stuck"), "no workspace");
      ProcessHandle keeper = keeperOf(fixture);
      fixture.sandboxes.delete(container);
      fixture.sandboxes.close();
      await(() -> !keeper.isAlive());
      assertThat(trashOf(fixture)).isDirectoryNotContaining(path -> !path.equals(stuck));
    }
  }

  @ParameterizedTest
  @EnumSource
  void servesWhoComesWhileItEmptiesTheTrash(Walls walls) throws Exception {
    try (SandboxFixture fixture = new SandboxFixture(walls, DiskWall.WATCHDOG)) {
      ContainerId container = ContainerId.next();
      try (Sandbox sandbox = fixture.open(container)) {
        fill(sandbox, 20_000);
      }
      ProcessHandle keeper = keeperOf(fixture);
      fixture.sandboxes.delete(container);
      String emptying = Long.toString(keeper.children().findFirst().orElseThrow().pid());
      assertThat(new ProcessBuilder("kill", "-STOP", emptying).start().waitFor()).isZero();
      fixture.sandboxes.close();
      try (LocalSandboxes next = LocalSandboxes.open(fixture.settings)) {
        assertThat(fixture.open(next, container, SandboxFixture.LIMITS).isAlive()).isTrue();
        assertThat(keeperOf(fixture)).isEqualTo(keeper);
        assertThat(new ProcessBuilder("kill", "-CONT", emptying).start().waitFor()).isZero();
      }
      await(() -> !keeper.isAlive());
      assertThat(trashOf(fixture)).isEmptyDirectory();
    }
  }

  @ParameterizedTest
  @EnumSource(names = "ROOT")
  void neverGivesAUserTwice(Walls walls) throws IOException {
    List<Object> owners = new ArrayList<>();
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      for (int round = 0; round < 3; round++) {
        try (LocalSandboxes sandboxes = LocalSandboxes.open(fixture.settings)) {
          ContainerId container = ContainerId.next();
          fixture.open(sandboxes, container, SandboxFixture.LIMITS).close();
          owners.add(fixture.owner(container));
          if (round == 1) {
            sandboxes.delete(container);
          }
        }
      }
    }
    assertThat(owners).hasSize(3).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "-5", "999999999999"})
  void givesUsersThoughTheirCountIsDamaged(String count) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(Walls.ROOT)) {
      Path containers = Files.createDirectories(fixture.settings.data().resolve("containers"));
      Files.writeString(containers.resolve(".next-id"), count);
      ContainerId container = ContainerId.next();
      fixture.open(container).close();
      assertThat(fixture.owner(container)).isGreaterThan(0x70000000);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LOOP", "WATCHDOG"})
  void refusesAWorkspaceOfAnOrdinaryUser(DiskWall disk) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(Walls.ROOT, disk)) {
      ContainerId container = ContainerId.next();
      fixture.open(container).close();
      Path workspace = fixture.settings.data().resolve("containers/" + container);
      if (disk == DiskWall.LOOP) {
        Files.writeString(workspace.resolve("volume-facts"), "1000 536870912\n");
      } else {
        Files.setAttribute(workspace.resolve("home"), "unix:uid", 1000);
      }
      assertThatThrownBy(() -> fixture.open(container))
          .isInstanceOf(CaissonException.HostUnfit.class)
          .hasMessageContaining("belongs to user 1000");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"false", "/nonexistent/program"})
  void saysWhyItCannotStart(String prefix) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(Walls.ROOTLESS);
        LocalSandboxes broken =
            LocalSandboxes.open(fixture.settings.withKeeperPrefix(List.of(prefix)))) {
      assertThatThrownBy(() -> fixture.open(broken, ContainerId.next(), SandboxFixture.LIMITS))
          .isInstanceOf(CaissonException.HostUnfit.class)
          .hasMessageContaining("keeper cannot");
      assertThat(broken.isolation().fit()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesAnImageThatIsNotThere(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      assertThatThrownBy(() ->
              fixture.sandboxes.open(ContainerId.next(), 1, "no-such-image", SandboxFixture.LIMITS))
          .isInstanceOf(CaissonException.InvalidRequest.class)
          .hasMessageContaining("no-such-image");
      assertThat(fixture.sandboxes.image("no-such-image")).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void saysWhyASandboxDidNotOpen(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      Image broken =
          new Image(
              new ImageDescription("broken", "0", List.of(), List.of()),
              Image.Kind.LAYER,
              fixture.root.resolve("no-such-directory"),
              "/usr/bin/python3",
              "/usr/local/lib/python3.11/dist-packages");
      assertThatThrownBy(
              () -> fixture.sandboxes.start(ContainerId.next(), broken, SandboxFixture.LIMITS))
          .isInstanceOf(CaissonException.HostUnfit.class)
          .hasMessageContaining("no-such-directory");
      assertThat(fixture.open().isAlive()).isTrue();
    }
  }

  private static Path trashOf(SandboxFixture fixture) {
    return fixture.settings.data().resolve("containers/.trash");
  }

  private static void fill(Sandbox sandbox, int files) {
    String code = "for i in range(" + files + "): open('/tmp/%d' % i, 'w').close()";
    assertThat(SandboxFixture.code(SandboxFixture.fresh(sandbox, code))).isZero();
  }

  static ProcessHandle keeperOf(SandboxFixture fixture) {
    try (KeeperClient client = new KeeperClient(fixture.settings)) {
      return ProcessHandle.of(client.host().path("pid").asLong()).orElseThrow();
    }
  }

  private static List<ProcessHandle> familyOf(ProcessHandle keeper) {
    List<ProcessHandle> all = new ArrayList<>(keeper.descendants().toList());
    all.add(keeper);
    return all;
  }

  private static ProcessHandle guestAmong(List<ProcessHandle> family) {
    return family.stream()
        .filter(process -> arguments(process).contains("supervisor"))
        .filter(process -> !arguments(process).contains("bwrap"))
        .findFirst()
        .orElseThrow();
  }

  private static String arguments(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    } catch (IOException e) {
      return "";
    }
  }

  /** The control groups of a data directory's keeper, in all hierarchies. */
  private static List<Path> groupsOf(SandboxFixture fixture) throws IOException {
    byte[] path = fixture.settings.data().toString().getBytes(StandardCharsets.UTF_8);
    String name;
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(path);
      name = "caisson-" + HexFormat.of().formatHex(hash).substring(0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        Path.of("/sys/fs/cgroup"),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            if (directory.endsWith(name)) {
              found.add(directory);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure) {
            return FileVisitResult.CONTINUE; // another test's group, gone meanwhile
          }
        });
    return found;
  }

  @ParameterizedTest
  @EnumSource
  void passesOnNoDescriptorThatItWasStartedWith(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      List<String> prefix =
          new ArrayList<>(
              List.of("bash", "-c", "exec 77</etc/hostname 251>&1; exec \"$@\"", "bash"));
      prefix.addAll(walls.keeperPrefix());
      try (LocalSandboxes leaky = LocalSandboxes.open(fixture.settings.withKeeperPrefix(prefix))) {
        fixture.open(leaky, ContainerId.next(), SandboxFixture.LIMITS);
        for (ProcessHandle process : familyOf(keeperOf(fixture))) {
          assertThat(Path.of("/proc/" + process.pid() + "/fd")).isDirectory();
          assertThat(Path.of("/proc/" + process.pid() + "/fd/77")).doesNotExist();
          assertThat(Path.of("/proc/" + process.pid() + "/fd/251")).doesNotExist();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void opensWhatLiesUnderADirectoryOfItsOwnUserOnly(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      Path closed = Files.createDirectories(fixture.root.resolve("closed"));
      Path site = Files.createDirectories(closed.resolve("image/site"));
      Files.writeString(site.resolve("layered.py"), "value = 9");
      walls.prepare(List.of(closed));
      Image image =
          new Image(
              new ImageDescription("layer", "0", List.of(), List.of()),
              Image.Kind.LAYER,
              site,
              "/usr/bin/python3",
              "/usr/local/lib/python3.11/dist-packages");
      assertThat(Files.getPosixFilePermissions(fixture.root)).hasSize(3);
      try (Sandbox sandbox =
          fixture.sandboxes.start(ContainerId.next(), image, SandboxFixture.LIMITS)) {
        CellRun run =
            SandboxFixture.bash(
                sandbox, "cat /usr/local/lib/python3.11/dist-packages/layered.py; echo > /tmp/a");
        assertThat(run.stdout().text()).isEqualTo("value = 9");
        assertThat(run.outcome()).isEqualTo(new CellOutcome.Completed(0));
      }
    }
  }

  private static boolean isEmpty(Path directory) {
    try (var entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    } catch (IOException e) {
      return false;
    }
  }

  private static void await(BooleanSupplier condition) {
    Deadline deadline = Deadline.in(PATIENCE);
    while (!condition.getAsBoolean()) {
      assertThat(deadline.passed()).as("waited for " + PATIENCE).isFalse();
      LockSupport.parkNanos(5_000_000);
    }
  }

  /** Holds a sandbox in a JVM of its own, to be killed. */
  static final class SandboxHolder {
    static final ContainerId CONTAINER = new ContainerId("container_held");

    private SandboxHolder() {}

    static Process start(SandboxFixture fixture) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
      command.add(SandboxHolder.class.getName());
      command.add(fixture.settings.data().toString());
      command.add(fixture.settings.images().toString());
      command.add(fixture.settings.orphan().toString());
      command.addAll(fixture.settings.keeperPrefix());
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      String line = process.inputReader().readLine();
      assertThat(line).isEqualTo("held");
      return process;
    }

    public static void main(String[] arguments) throws InterruptedException {
      SandboxSettings settings =
          SandboxSettings.defaults(Path.of(arguments[0]), Path.of(arguments[1]))
              .withOrphan(Duration.parse(arguments[2]))
              .withKeeperPrefix(List.of(arguments).subList(3, arguments.length));
      LocalSandboxes sandboxes = LocalSandboxes.open(settings);
      Sandbox sandbox =
          sandboxes.start(CONTAINER, SandboxFixture.hostImage(), SandboxFixture.LIMITS);
      CellProgram program =
          new CellProgram(
              Language.PYTHON,
              "import fcntl\nheld = open('/tmp/held', 'w')\nheld.write('held\\n')\nheld.flush()\n"
                  + "fcntl.flock(held, fcntl.LOCK_EX)",
              InterpreterMode.PERSISTENT,
              Duration.ofSeconds(20),
              Map.of(),
              SandboxFixture.outputDirectory());
      assertThat(sandbox.run(program, OutputListener.NONE).outcome())
          .isEqualTo(new CellOutcome.Completed(0));
      System.out.println("held");
      Thread.currentThread().join();
    }
  }
}
