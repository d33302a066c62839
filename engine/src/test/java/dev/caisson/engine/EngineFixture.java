package dev.caisson.engine;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.Requester;
import dev.caisson.domain.StoredFile;
import dev.caisson.sandbox.BuildListener;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.DiskWall;
import dev.caisson.sandbox.LocalSandboxes;
import dev.caisson.sandbox.SandboxSettings;
import dev.caisson.store.Store;
import dev.caisson.store.testing.TestDatabases;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * A real engine over a data directory of its own and real sandboxes, with a clock that tests move.
 * The image is the host's Python alone.
 */
final class EngineFixture implements AutoCloseable {
  static final String IMAGE = "bare";

  /** Small, so that tests of limits end soon. */
  static final EngineSettings SETTINGS =
      EngineSettings.DEFAULT
          .withDefaultImage(IMAGE)
          .withSweepEvery(Duration.ofDays(1))
          .withOwnerWait(Duration.ofMillis(500))
          .withClockGrace(Duration.ZERO)
          .withLimits(
              Limits.DEFAULT
                  .withMemory(ByteSize.ofMebibytes(256))
                  .withProcesses(64)
                  .withDisk(ByteSize.ofMebibytes(512))
                  .withCellLimit(Duration.ofSeconds(30))
                  .withInterruptGrace(Duration.ofMillis(500)));

  final Path data;
  final TestClock clock;

  /** What the ledger measures by: time passes when a test says so. */
  final AtomicLong nanos = new AtomicLong();

  final Store store;
  final LocalSandboxes sandboxes;
  final Engine engine;
  final OrganizationId organization;

  EngineFixture(Path root) throws IOException {
    this(root, SETTINGS);
  }

  EngineFixture(Path root, EngineSettings settings) throws IOException {
    this(root, settings, DiskWall.AUTO);
  }

  EngineFixture(Path root, EngineSettings settings, DiskWall wall) throws IOException {
    this(root, settings, wall, new TestClock(), OwnerWaitListener.NONE);
  }

  EngineFixture(Path root, EngineSettings settings, TestClock clock, OwnerWaitListener listener)
      throws IOException {
    this(root, settings, DiskWall.AUTO, clock, listener);
  }

  private EngineFixture(
      Path root,
      EngineSettings settings,
      DiskWall wall,
      TestClock clock,
      OwnerWaitListener listener)
      throws IOException {
    this.clock = clock;
    data = root.resolve("a data directory");
    Path images = root.resolve("images");
    store = TestDatabases.open(data);
    sandboxes =
        LocalSandboxes.open(
            SandboxSettings.defaults(data, images)
                .withOrphan(Duration.ofSeconds(30))
                .withDiskWall(wall));
    if (sandboxes.image(IMAGE).isEmpty()) {
      Path requirements = Files.writeString(root.resolve("requirements.txt"), "");
      sandboxes.images().build(BuildRequest.of(IMAGE, requirements), BuildListener.SILENT);
    }
    engine = Engine.open(settings, store, sandboxes, clock, nanos::get, listener);
    organization = engine.keys().localOrganization();
  }

  /** The bill of a request that nobody reads. */
  Billing bill(OrganizationId of) {
    return engine.ledger().ofMessage(Requester.local(of), false);
  }

  Container create() {
    return engine.containers().create(organization, ContainerSpec.DEFAULT);
  }

  Container createWith(StoredFile... files) {
    return engine
        .containers()
        .create(
            organization,
            new ContainerSpec(
                Optional.empty(), Stream.of(files).map(StoredFile::id).toList(), Map.of()));
  }

  Container get(ContainerId id) {
    return engine.containers().get(organization, id);
  }

  Cell python(ContainerId id, String code) {
    return run(id, CellSpec.python(code));
  }

  Cell bash(ContainerId id, String code) {
    return run(id, CellSpec.bash(code));
  }

  Cell run(ContainerId id, CellSpec spec) {
    return engine.cells().run(organization, id, spec, OutputListener.NONE);
  }

  StoredFile upload(String name, String content) {
    return engine
        .files()
        .upload(organization, name, "text/plain", stream(content), Optional.empty());
  }

  void write(ContainerId id, String path, String content) {
    engine.workspaces().write(organization, id, path, stream(content));
  }

  String read(ContainerId id, String path) throws IOException {
    try (FileContent content = engine.workspaces().read(organization, id, path, ByteRange.ALL)) {
      return new String(content.stream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  String content(StoredFile file) throws IOException {
    try (FileContent content = engine.files().content(organization, file.id())) {
      return new String(content.stream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** How many cells stand behind the one that runs. */
  int waiting(ContainerId id) {
    return engine.warm().find(id).map(container -> container.turn().getQueueLength()).orElse(0);
  }

  List<ContainerId> workspaces() {
    return sandboxes.workspaces();
  }

  static ByteArrayInputStream stream(String content) {
    return new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    engine.close();
    sandboxes.close();
    store.close();
  }
}
