package dev.caisson.sandbox;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OutputListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Real sandboxes in a data directory of their own, under a parent that only root can enter where
 * root opens them. The image is the host's Python alone.
 */
final class SandboxFixture implements AutoCloseable {
  /** Small, so that tests of limits end soon. */
  static final Limits LIMITS =
      Limits.DEFAULT
          .withMemory(ByteSize.ofMebibytes(256))
          .withProcesses(64)
          .withDisk(ByteSize.ofMebibytes(512))
          .withOutputPerStream(new ByteSize(20_000))
          .withCellLimit(Duration.ofSeconds(20))
          .withInterruptGrace(Duration.ofMillis(500));

  private static final SecureRandom RANDOM = new SecureRandom();

  final Path root;
  final SandboxSettings settings;
  final LocalSandboxes sandboxes;

  SandboxFixture(Walls walls) throws IOException {
    this(walls, Duration.ofSeconds(30));
  }

  SandboxFixture(Walls walls, DiskWall disk) throws IOException {
    this(walls, Duration.ofSeconds(30), "data", disk);
  }

  SandboxFixture(Walls walls, Duration orphan) throws IOException {
    this(walls, orphan, "data", DiskWall.AUTO);
  }

  SandboxFixture(Walls walls, String dataName) throws IOException {
    this(walls, Duration.ofSeconds(30), dataName, DiskWall.AUTO);
  }

  private SandboxFixture(Walls walls, Duration orphan, String dataName, DiskWall disk)
      throws IOException {
    root = Files.createTempDirectory(Path.of("/tmp"), "caisson-test");
    Path data = root.resolve(dataName);
    Path run = Files.createDirectories(data.resolve("run"));
    walls.prepare(List.of(root, data, run));
    settings =
        SandboxSettings.defaults(data, root.resolve("images"))
            .withOrphan(orphan)
            .withDiskWall(disk)
            .withKeeperPrefix(walls.keeperPrefix());
    sandboxes = LocalSandboxes.open(settings);
  }

  /** Another one over the same data directory, once this one has been closed. */
  LocalSandboxes again(DiskWall wall) {
    return LocalSandboxes.open(settings.withDiskWall(wall));
  }

  /** The host's Python and nothing else. */
  static Image hostImage() {
    return new Image(
        new ImageDescription("host", "0", List.of(), List.of()),
        Image.Kind.LAYER,
        Path.of("/"),
        "/usr/bin/python3",
        "");
  }

  /** The host's number of the user that the container's cells run as. */
  int owner(ContainerId container) throws IOException {
    Path workspace = settings.data().resolve("containers").resolve(container.value());
    Path facts = workspace.resolve("volume-facts");
    return Files.exists(facts)
        ? Integer.parseInt(Files.readString(facts).split(" ", 2)[0])
        : (int) Files.getAttribute(workspace.resolve("home"), "unix:uid");
  }

  Sandbox open() {
    return open(ContainerId.next(), LIMITS);
  }

  Sandbox open(ContainerId container) {
    return open(container, LIMITS);
  }

  Sandbox open(ContainerId container, Limits limits) {
    return open(sandboxes, container, limits);
  }

  Sandbox open(LocalSandboxes from, ContainerId container, Limits limits) {
    return from.start(container, hostImage(), limits);
  }

  static CellRun python(Sandbox sandbox, String code) {
    return run(sandbox, Language.PYTHON, InterpreterMode.PERSISTENT, code, LIMITS.cellLimit());
  }

  static CellRun fresh(Sandbox sandbox, String code) {
    return run(sandbox, Language.PYTHON, InterpreterMode.FRESH, code, LIMITS.cellLimit());
  }

  static CellRun bash(Sandbox sandbox, String code) {
    return run(sandbox, Language.BASH, InterpreterMode.FRESH, code, LIMITS.cellLimit());
  }

  static CellRun run(
      Sandbox sandbox, Language language, InterpreterMode mode, String code, Duration limit) {
    CellProgram program = new CellProgram(language, code, mode, limit, Map.of(), outputDirectory());
    return sandbox.run(program, OutputListener.NONE);
  }

  static String outputDirectory() {
    byte[] bytes = new byte[8];
    RANDOM.nextBytes(bytes);
    return "/files/output/" + HexFormat.of().formatHex(bytes);
  }

  static int code(CellRun run) {
    return run.outcome() instanceof CellOutcome.Completed completed ? completed.returnCode() : -1;
  }

  @Override
  public void close() throws IOException {
    sandboxes.close();
    Trees.delete(root);
  }
}
