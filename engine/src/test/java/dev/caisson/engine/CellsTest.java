package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputFile;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CellsTest {
  @TempDir Path root;
  private EngineFixture caisson;
  private ContainerId container;

  @BeforeEach
  void open() throws Exception {
    caisson = new EngineFixture(root, EngineFixture.SETTINGS.withWaitingCells(2));
    container = caisson.create().id();
  }

  @AfterEach
  void close() {
    caisson.close();
  }

  @Test
  void keepsVariablesAndFilesBetweenCells() {
    Cell first = caisson.python(container, "x = 6\nopen('/tmp/seed', 'w').write('7')\nprint('a')");
    assertThat(first.outcome()).isEqualTo(new CellOutcome.Completed(0));
    assertThat(first.stdout().text()).isEqualTo("a\n");
    Cell second = caisson.python(container, "print(x * int(open('/tmp/seed').read()))");
    assertThat(second.stdout().text()).isEqualTo("42\n");
    assertThat(caisson.bash(container, "cat /tmp/seed; exit 3").outcome())
        .isEqualTo(new CellOutcome.Completed(3));
  }

  @Test
  void keepsTheRecordOfACell() {
    Cell cell = caisson.bash(container, "echo out; echo err >&2; exit 5");
    Cell other = caisson.python(container, "1/0");
    assertThat(caisson.engine.cells().get(caisson.organization, container, cell.id()))
        .isEqualTo(cell);
    assertThat(
            caisson
                .engine
                .cells()
                .list(caisson.organization, container, PageRequest.first())
                .items())
        .containsExactly(other, cell);
  }

  @Test
  void makesFilesOfOutputs() throws Exception {
    Cell cell =
        caisson.python(
            container,
            """
            import os
            out = os.environ['OUTPUT_DIR']
            open(out + '/report.csv', 'w').write('a,b\\n')
            os.mkdir(out + '/below')
            open(out + '/below/hidden', 'w').write('x')
            """);
    assertThat(cell.outputs()).extracting(OutputFile::filename).containsExactly("report.csv");
    OutputFile output = cell.outputs().getFirst();
    StoredFile file = caisson.engine.files().get(caisson.organization, output.fileId());
    assertThat(file.downloadable()).isTrue();
    assertThat(file.mimeType()).isEqualTo("text/csv");
    assertThat(file.sha256()).isEqualTo(output.sha256());
    try (FileContent content =
        caisson.engine.files().download(caisson.organization, output.fileId(), ByteRange.ALL)) {
      assertThat(new String(content.stream().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo("a,b\n");
    }
    assertThat(cell.stderr().text()).contains("below");
  }

  @Test
  void namesOutputsThatCannotBecomeFiles() throws Exception {
    try (EngineFixture small =
        new EngineFixture(
            root.resolve("small"),
            EngineFixture.SETTINGS.withUploadLimit(new ByteSize(10)).withOutputFiles(2))) {
      ContainerId id = small.create().id();
      List<String> heard = new CopyOnWriteArrayList<>();
      Cell cell =
          small
              .engine
              .cells()
              .run(
                  small.organization,
                  id,
                  CellSpec.bash(
                      """
                      cd $OUTPUT_DIR
                      echo 12345678901 > big
                      echo x > 'a:b'
                      echo 1 > small1
                      echo 2 > small2
                      echo 3 > small3
                      printf 'no newline' >&2
                      """),
                  (stream, text) -> {
                    if (stream == OutputStreamKind.STDERR) {
                      heard.add(text);
                    }
                  });
      assertThat(cell.outcome()).isEqualTo(new CellOutcome.Completed(0));
      assertThat(cell.outputs()).hasSize(2);
      assertThat(cell.stderr().text())
          .startsWith("no newline\n")
          .contains("'big' was left in /files/output/")
          .contains("limit of 10B")
          .contains("'a:b' was left in /files/output/")
          .contains("only the first 2 of");
      assertThat(String.join("", heard)).isEqualTo(cell.stderr().text());
    }
  }

  @Test
  void endsACellAtItsTimeoutAndGoesOn() {
    Cell cell =
        caisson.run(
            container,
            CellSpec.python("print('begun', flush=True)\nimport time\ntime.sleep(60)")
                .withTimeout(Duration.ofMillis(700)));
    assertThat(cell.outcome()).isEqualTo(new CellOutcome.TimedOut(Duration.ofMillis(700), false));
    assertThat(cell.stdout().text()).isEqualTo("begun\n");
    assertThat(cell.stderr().text()).contains("detection_timeout");
    assertThat(caisson.python(container, "print(1)").stdout().text()).isEqualTo("1\n");
  }

  @Test
  void cancelsTheCellOfAnInterruptedThread() throws Exception {
    AtomicReference<Cell> result = new AtomicReference<>();
    CompletableFuture<Boolean> interruptKept = new CompletableFuture<>();
    CountDownLatch begun = new CountDownLatch(1);
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              result.set(
                  caisson
                      .engine
                      .cells()
                      .run(
                          caisson.organization,
                          container,
                          CellSpec.bash("echo hi > $OUTPUT_DIR/partial; echo go; sleep 60"),
                          (stream, text) -> begun.countDown()));
              interruptKept.complete(Thread.currentThread().isInterrupted());
            });
    assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
    caller.interrupt();
    assertThat(interruptKept.get(20, TimeUnit.SECONDS)).isTrue();
    Cell cell = result.get();
    assertThat(cell.outcome()).isEqualTo(new CellOutcome.Killed("cancelled", false));
    assertThat(caisson.engine.cells().get(caisson.organization, container, cell.id()))
        .isEqualTo(cell);
    assertThat(cell.outputs()).extracting(OutputFile::filename).containsExactly("partial");
    assertThat(caisson.bash(container, "echo next").stdout().text()).isEqualTo("next\n");
  }

  @Test
  void runsCellsOneAtATimeInOrderOfArrival() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        EngineFixture wide = new EngineFixture(root.resolve("wide"))) {
      ContainerId id = wide.create().id();
      Future<Cell> first =
          threads.submit(() ->
              wide.bash(id, "until [ -e /tmp/gate ]; do sleep 0.02; done; echo 0 >> /tmp/log"));
      Awaitility.await().until(() -> wide.get(id).status() == ContainerStatus.WARM);
      awaitRunning(wide, id);
      for (int i = 1; i <= 6; i++) {
        String mark = Integer.toString(i);
        threads.execute(() -> wide.bash(id, "echo " + mark + " >> /tmp/log"));
        int waiting = i;
        Awaitility.await().until(() -> wide.waiting(id) == waiting);
      }
      wide.write(id, "/tmp/gate", "");
      first.get(20, TimeUnit.SECONDS);
      Awaitility.await().until(() -> wide.get(id).status() == ContainerStatus.IDLE);
      assertThat(wide.read(id, "/tmp/log")).isEqualTo("0\n1\n2\n3\n4\n5\n6\n");
    }
  }

  @Test
  void refusesMoreWaitingCellsThanAllowed() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 3; i++) {
        threads.execute(
            () -> caisson.bash(container, "until [ -e /tmp/gate ]; do sleep 0.02; done"));
      }
      Awaitility.await().until(() -> caisson.waiting(container) == 2);
      assertThatThrownBy(() -> caisson.bash(container, "true"))
          .isInstanceOf(Busy.class)
          .hasMessageContaining(container.value())
          .hasMessageContaining("2 cells wait");
      ContainerId neighbour = caisson.create().id();
      assertThat(caisson.bash(neighbour, "echo free").stdout().text()).isEqualTo("free\n");
      caisson.write(container, "/tmp/gate", "");
    }
    assertThat(caisson.bash(container, "echo again").stdout().text()).isEqualTo("again\n");
  }

  @Test
  void opensANewSandboxAfterOneDied() {
    caisson.bash(container, "echo kept > /tmp/kept");
    caisson.engine.warm().find(container).orElseThrow().sandbox().orElseThrow().close();
    assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.RELEASED);
    Cell cell = caisson.bash(container, "cat /tmp/kept");
    assertThat(cell.stdout().text()).isEqualTo("kept\n");
  }

  @Test
  void goesOnWhenItsListenerFails() {
    Cell cell =
        caisson
            .engine
            .cells()
            .run(
                caisson.organization,
                container,
                CellSpec.bash("echo one; echo two"),
                (stream, text) -> {
                  throw new IllegalStateException("the client is gone");
                });
    assertThat(cell.stdout().text()).isEqualTo("one\ntwo\n");
  }

  @Test
  void givesEnvironmentToOneCellOnly() {
    CellSpec spec = CellSpec.bash("echo $SECRET").withEnvironment(Map.of("SECRET", "s3cret"));
    assertThat(caisson.run(container, spec).stdout().text()).isEqualTo("s3cret\n");
    assertThat(caisson.bash(container, "echo [$SECRET]").stdout().text()).isEqualTo("[]\n");
  }

  @Test
  void refusesWhatCannotRun() {
    refused(CellSpec.python("print('a\0b')"), "code: must not contain NUL");
    refused(CellSpec.bash("echo \uD800"), "code: must be whole Unicode");
    refused(
        CellSpec.bash("true").withTimeout(Duration.ofSeconds(31)),
        "a timeout of 31s is over the cell limit of 30s");
    refused(CellSpec.bash("true").withTimeout(Duration.ZERO), "a timeout must be positive");
    refused(CellSpec.bash("true").withEnvironment(Map.of("A=B", "x")), "env: 'A=B'");
    refused(CellSpec.bash("true").withEnvironment(Map.of("A", "x\0")), "env: the value of 'A'");
    assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.CREATED);
  }

  private void refused(CellSpec spec, String message) {
    assertThatThrownBy(() -> caisson.run(container, spec))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining(message);
  }

  @Test
  void knowsNoCellOfAnotherOrganization() {
    Cell cell = caisson.bash(container, "true");
    OrganizationId other = caisson.engine.organizations().create("other");
    Cells cells = caisson.engine.cells();
    assertThatThrownBy(() -> cells.get(other, container, cell.id()))
        .isInstanceOf(NotFound.class)
        .hasMessage(NotFound.container(container.value()).getMessage());
    assertThatThrownBy(() -> cells.list(other, container, PageRequest.first()))
        .isInstanceOf(NotFound.class);
    assertThatThrownBy(
            () -> cells.run(other, container, CellSpec.bash("true"), OutputListener.NONE))
        .isInstanceOf(NotFound.class);
    assertThatThrownBy(() -> cells.get(caisson.organization, container, CellId.next()))
        .isInstanceOf(NotFound.class);
  }

  private static void awaitRunning(EngineFixture caisson, ContainerId id) {
    Awaitility.await().until(() -> caisson.store.containers().find(id).orElseThrow().cellRunning());
  }
}
