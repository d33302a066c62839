package dev.caisson.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import dev.caisson.engine.EngineSettings;
import dev.caisson.engine.OwnerWaitListener;
import dev.caisson.sandbox.BuildListener;
import dev.caisson.sandbox.BuildRequest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedCaissonTest {
  private static final String IMAGE = "bare";

  @TempDir Path root;
  private EmbeddedSettings settings;

  @BeforeEach
  void settings() {
    settings =
        EmbeddedSettings.defaults(root.resolve("a data directory"), root.resolve("images"))
            .withEngine(EngineSettings.DEFAULT.withDefaultImage(IMAGE));
  }

  @Test
  void doesTheWholeJobInOneProcess() throws Exception {
    try (EmbeddedCaisson caisson = open()) {
      CaissonClient client = caisson.client();
      StoredFile input = client.upload("in.csv", "text/csv", stream("1\n2\n3\n"));
      ContainerId container =
          client
              .createContainer(
                  new ContainerSpec(Optional.empty(), List.of(input.id()), Map.of("a", "b")))
              .id();
      Cell cell =
          client.run(
              container,
              CellSpec.python(
                  """
                  import os
                  n = sum(int(line) for line in open(os.environ['INPUT_DIR'] + '/in.csv'))
                  open(os.environ['OUTPUT_DIR'] + '/sum.txt', 'w').write(str(n))
                  """),
              OutputListener.NONE);
      assertThat(cell.outcome().returnCode()).as(cell.stderr().text()).isZero();
      assertThat(read(client.download(cell.outputs().getFirst().fileId()))).isEqualTo("6");
      client.write(container, "/tmp/x", stream("y"));
      assertThat(read(client.read(container, "/tmp/x", ByteRange.ALL))).isEqualTo("y");
      assertThat(client.list(container, "/tmp")).isNotEmpty();
      assertThat(client.cell(container, cell.id())).isEqualTo(cell);
      assertThat(client.containers(PageRequest.first()).items()).hasSize(1);
      assertThat(client.files(PageRequest.first()).items()).hasSize(2);
      client.deleteContainer(container);
      assertThat(client.container(container).status()).isEqualTo(ContainerStatus.DELETED);
      assertThatThrownBy(() -> client.deleteContainer(container)).isInstanceOf(NotFound.class);
    }
  }

  @Test
  void tellsTheDigestOfAnImage() throws Exception {
    try (EmbeddedCaisson caisson = open()) {
      CaissonClient client = caisson.client();
      assertThat(client.imageDigest(IMAGE)).isNotBlank().isEqualTo(client.imageDigest(IMAGE));
      assertThatThrownBy(() -> client.imageDigest("nope"))
          .isInstanceOf(InvalidRequest.class)
          .hasMessageContaining("'nope'");
    }
  }

  @Test
  void handsAContainerFromOneToAnotherOnOneDirectory() throws Exception {
    CompletableFuture<OptionalLong> waitedFor = new CompletableFuture<>();
    EmbeddedCaisson first = open();
    OwnerWaitListener listener = (container, pid) -> waitedFor.complete(pid);
    try (EmbeddedCaisson second = EmbeddedCaisson.open(settings, InstantSource.system(), listener);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ContainerId container = first.client().createContainer(ContainerSpec.DEFAULT).id();
      first.client().run(container, CellSpec.bash("echo first > /tmp/a"), OutputListener.NONE);
      Future<Cell> cell =
          threads.submit(() ->
              second.client().run(container, CellSpec.bash("cat /tmp/a"), OutputListener.NONE));
      assertThat(waitedFor.get(20, TimeUnit.SECONDS)).hasValue(ProcessHandle.current().pid());
      first.close();
      assertThat(cell.get(20, TimeUnit.SECONDS).stdout().text()).isEqualTo("first\n");
    }
  }

  @Test
  void startsNothingBeforeSomethingIsNeeded() throws Exception {
    try (EmbeddedCaisson caisson = open()) {
      CaissonClient client = caisson.client();
      ContainerId container = client.createContainer(ContainerSpec.DEFAULT).id();
      client.containers(PageRequest.first());
      client.deleteContainer(client.createContainer(ContainerSpec.DEFAULT).id());
      Path keeper = caisson.directory().run().resolve("keeper.sock");
      assertThat(keeper).doesNotExist();
      client.run(container, CellSpec.bash("true"), OutputListener.NONE);
      assertThat(keeper).exists();
    }
  }

  @Test
  void givesUpTheDirectoryWhenItCannotOpen() throws Exception {
    Path data = root.resolve("broken");
    Files.createDirectories(data);
    Files.writeString(data.resolve("caisson.db"), "no database".repeat(200));
    assertThatThrownBy(
            () -> EmbeddedCaisson.open(EmbeddedSettings.defaults(data, root.resolve("images"))))
        .isInstanceOf(HostUnfit.class)
        .hasMessageContaining(data.toString());
    try (var files = Files.list(data.resolve("run"))) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .noneMatch(name -> name.startsWith("owner-"));
    }
  }

  private EmbeddedCaisson open() throws Exception {
    EmbeddedCaisson caisson = EmbeddedCaisson.open(settings);
    if (caisson.images().find(IMAGE).isEmpty()) {
      Path requirements = Files.writeString(root.resolve("requirements.txt"), "");
      caisson.images().build(BuildRequest.of(IMAGE, requirements), BuildListener.SILENT);
    }
    return caisson;
  }

  private static ByteArrayInputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String read(FileContent content) throws Exception {
    try (content) {
      return new String(content.stream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
