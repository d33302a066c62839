package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.client.HttpCaisson;
import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.runner.PipelineRun;
import dev.caisson.runner.RunResult;
import dev.caisson.runner.RunSettings;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client interface over HTTP, against a running server. */
class HttpCaissonTest {
  @TempDir static Path directory;
  private static final RunningCaisson.HandClock CLOCK = new RunningCaisson.HandClock();
  private static RunningCaisson server;
  private static HttpCaisson client;
  private static ContainerId container;

  @BeforeAll
  static void start() {
    server = RunningCaisson.over(directory).clock(CLOCK).start();
    client = HttpCaisson.connect(server.url(), server.key());
    container = client.createContainer(ContainerSpec.DEFAULT).id();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  @Test
  void showsWhatWasCreated() {
    Container made =
        client.createContainer(
            new ContainerSpec(Optional.empty(), List.of(), Map.of("purpose", "test")));

    assertThat(client.container(made.id()).labels()).containsEntry("purpose", "test");
    assertThat(client.containers(new PageRequest(1, Optional.empty())).items())
        .extracting(Container::id)
        .containsExactly(made.id());
    client.deleteContainer(made.id());
    Container deleted = client.container(made.id());
    assertThat(deleted.status()).isEqualTo(ContainerStatus.DELETED);
    assertThat(deleted.ended()).isPresent();
    assertThat(deleted.tombstone()).isPresent();
    assertThatThrownBy(() -> client.deleteContainer(made.id()))
        .isInstanceOf(CaissonException.NotFound.class)
        .hasMessageContaining(made.id() + "` was deleted at 20");
    ContainerId unknown = ContainerId.next();
    assertThatThrownBy(() -> client.container(unknown))
        .isInstanceOf(CaissonException.NotFound.class)
        .hasMessageContaining(unknown.value());
  }

  @Test
  void pagesThroughAList() {
    List<CellId> ran = new ArrayList<>();
    ContainerId own = client.createContainer(ContainerSpec.DEFAULT).id();
    for (int i = 0; i < 3; i++) {
      ran.addFirst(client.run(own, CellSpec.bash("echo " + i), OutputListener.NONE).id());
    }

    Page<Cell> first = client.cells(own, new PageRequest(2, Optional.empty()));
    Page<Cell> second = client.cells(own, new PageRequest(2, first.next()));

    List<CellId> listed = new ArrayList<>();
    first.items().forEach(cell -> listed.add(cell.id()));
    second.items().forEach(cell -> listed.add(cell.id()));
    assertThat(listed).isEqualTo(ran);
    assertThat(second.next()).isEmpty();
  }

  @Test
  void keepsTheInterpreterOrStartsAFreshOneAsAsked() {
    run(CellSpec.python("x = 21"));

    assertThat(run(CellSpec.python("print(2 * x)")).stdout().text()).isEqualTo("42\n");
    Cell fresh = run(CellSpec.python("print(x)").withMode(InterpreterMode.FRESH));
    assertThat(fresh.outcome()).isEqualTo(new CellOutcome.Completed(1));
    assertThat(fresh.stderr().text()).contains("NameError");
  }

  @Test
  void hearsOutputWhileTheCellRunsAndReadsItsRecord() throws Exception {
    CountDownLatch heard = new CountDownLatch(1);
    AtomicReference<Cell> result = new AtomicReference<>();
    Thread runner =
        Thread.ofVirtual()
            .start(() ->
                result.set(
                    client.run(
                        container,
                        CellSpec.bash(
                                "echo waiting >&2; until [ -e /tmp/go ]; do sleep 0.02; done;"
                                    + " echo \"$NAME\" > $OUTPUT_DIR/made.txt; exit 3")
                            .withEnvironment(Map.of("NAME", "given")),
                        (stream, text) -> {
                          if (stream == OutputStreamKind.STDERR && text.contains("waiting")) {
                            heard.countDown();
                          }
                        })));
    assertThat(heard.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(result.get()).isNull();
    client.write(container, "/tmp/go", content(""));
    assertThat(runner.join(Duration.ofSeconds(20))).isTrue();

    Cell cell = result.get();
    assertThat(cell.outcome()).isEqualTo(new CellOutcome.Completed(3));
    assertThat(cell.outputs()).hasSize(1);
    assertThat(client.cell(container, cell.id())).isEqualTo(cell);
    FileId made = cell.outputs().getFirst().fileId();
    try (FileContent file = client.download(made)) {
      assertThat(file.stream()).hasContent("given");
    }
    client.deleteFile(made);
    assertThatThrownBy(() -> client.file(made)).isInstanceOf(CaissonException.NotFound.class);
  }

  @Test
  void reportsALimitAsAResult() {
    Cell cell = run(CellSpec.bash("echo a; sleep 30").withTimeout(Duration.ofMillis(300)));

    assertThat(cell.outcome()).isEqualTo(new CellOutcome.TimedOut(Duration.ofMillis(300), false));
    assertThat(cell.stdout().text()).isEqualTo("a\n");
    assertThat(cell.stderr().text()).contains("detection_timeout");
  }

  @Test
  void interruptEndsTheCellOnTheServer() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    ContainerId own = client.createContainer(ContainerSpec.DEFAULT).id();
    Thread runner =
        Thread.ofVirtual()
            .start(() -> {
              try {
                client.run(
                    own, CellSpec.bash("echo on; sleep 60"), (stream, text) -> running.countDown());
              } catch (CaissonException.Internal e) {
                Thread.currentThread().interrupt();
              }
            });
    assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
    runner.interrupt();
    assertThat(runner.join(Duration.ofSeconds(20))).isTrue();

    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() ->
            assertThat(client.cells(own, PageRequest.first()).items())
                .extracting(Cell::outcome)
                .containsExactly(new CellOutcome.Killed("cancelled", false)));
    assertThat(client.run(own, CellSpec.bash("echo next"), OutputListener.NONE).stdout().text())
        .isEqualTo("next\n");
  }

  @Test
  void movesFilesInAndOutOfAWorkspace() throws Exception {
    String path = "/tmp/dir ä/a%2f+b #1?.txt";
    FileReceipt receipt = client.write(container, path, content("0123456789"));

    assertThat(receipt.path()).isEqualTo(path);
    assertThat(receipt.sizeBytes()).isEqualTo(10);
    try (FileContent whole = client.read(container, path, ByteRange.ALL);
        FileContent part = client.read(container, path, new ByteRange(7, 100));
        FileContent none = client.read(container, path, new ByteRange(3, 0))) {
      assertThat(whole.stream()).hasContent("0123456789");
      assertThat(part.totalBytes()).isEqualTo(10);
      assertThat(part.lengthBytes()).isEqualTo(3);
      assertThat(part.stream()).hasContent("789");
      assertThat(none.totalBytes()).isEqualTo(10);
      assertThat(none.stream()).isEmpty();
    }
    assertThatThrownBy(() -> client.read(container, path, new ByteRange(11, 1)))
        .isInstanceOfSatisfying(
            CaissonException.RangeNotSatisfiable.class,
            e -> assertThat(e.sizeBytes()).isEqualTo(10));
    assertThat(client.list(container, "/tmp/dir ä"))
        .singleElement()
        .satisfies(entry -> {
          assertThat(entry.path()).isEqualTo(path);
          assertThat(entry.kind()).isEqualTo(WorkspaceEntry.Kind.FILE);
          assertThat(entry.sizeBytes()).isEqualTo(10);
        });
    client.delete(container, "/tmp/dir ä");
    assertThatThrownBy(() -> client.read(container, path, ByteRange.ALL))
        .isInstanceOf(CaissonException.NotFound.class);
  }

  @Test
  void mountsWhatWasUploaded() {
    StoredFile file = client.upload("numbers ä.csv", "text/csv", content("1,2\n"));

    assertThat(client.file(file.id())).isEqualTo(file);
    assertThat(file.filename()).isEqualTo("numbers ä.csv");
    assertThat(client.files(PageRequest.first()).items()).contains(file);
    assertThatThrownBy(() -> client.download(file.id()))
        .isInstanceOf(CaissonException.InvalidRequest.class);
    ContainerId own =
        client
            .createContainer(new ContainerSpec(Optional.empty(), List.of(file.id()), Map.of()))
            .id();
    Cell cell =
        client.run(own, CellSpec.bash("cat \"$INPUT_DIR/numbers ä.csv\""), OutputListener.NONE);
    assertThat(cell.stdout().text()).isEqualTo("1,2\n");
  }

  @Test
  void tellsAnExpiredContainerFromAnUnknownOne() {
    ContainerId own = client.createContainer(ContainerSpec.DEFAULT).id();
    CLOCK.advance(Duration.ofDays(31));
    try {
      assertThat(client.container(own).status()).isEqualTo(ContainerStatus.EXPIRED);
      assertThatThrownBy(() -> client.run(own, CellSpec.bash("ls"), OutputListener.NONE))
          .isInstanceOfSatisfying(
              CaissonException.ContainerExpired.class,
              e -> assertThat(e.container().id()).isEqualTo(own));
      assertThatThrownBy(
              () -> client.run(ContainerId.next(), CellSpec.bash("ls"), OutputListener.NONE))
          .isInstanceOf(CaissonException.NotFound.class);
    } finally {
      container = client.createContainer(ContainerSpec.DEFAULT).id();
    }
  }

  @Test
  void refusesAWrongKeyAndAnUnknownImage() {
    try (HttpCaisson stranger = HttpCaisson.connect(server.url(), "no-such-key")) {
      assertThatThrownBy(() -> stranger.container(container))
          .isInstanceOf(CaissonException.Unauthenticated.class);
    }
    assertThat(client.imageDigest("default")).isNotBlank();
    assertThatThrownBy(() -> client.imageDigest("no/such image"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("no/such image");
  }

  @Test
  void runsAPipelineThroughTheServer() throws Exception {
    Path pipeline = Files.createDirectories(directory.resolve("pipeline"));
    Files.writeString(pipeline.resolve("in.txt"), "3\n4\n");
    Files.writeString(
        pipeline.resolve("sum.py"),
        "import os\nprint(sum(map(int, open('in.txt'))), file=open(os.environ['OUT_SUM'], 'w'))\n");
    Files.writeString(pipeline.resolve("square.sh"), "echo $(($(<sum.txt) ** 2)) > square.txt\n");
    Files.writeString(
        pipeline.resolve("pipeline.yaml"),
        """
        pipeline: over-http
        stages:
          sum: {run: sum.py, in: {numbers: in.txt}, out: {sum: sum.txt}}
          square: {run: square.sh, in: {sum: sum.sum}, out: {square: square.txt}}
        """);
    RunSettings settings = RunSettings.defaults(directory.resolve("runs"));

    RunResult first = PipelineRun.run(client, pipeline, settings, event -> {});
    RunResult second = PipelineRun.run(client, pipeline, settings, event -> {});

    assertThat(first.outcome()).isEqualTo(new RunResult.Outcome.Succeeded());
    assertThat(pipeline.resolve("out/square.txt")).hasContent("49");
    assertThat(second.stages()).hasSize(2).noneMatch(RunResult.StageResult::ran);
  }

  private static Cell run(CellSpec spec) {
    return client.run(container, spec, OutputListener.NONE);
  }

  private static InputStream content(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }
}
