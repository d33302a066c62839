package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.WorkspaceEntry;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkspacesTest {
  @TempDir Path root;
  private EngineFixture caisson;
  private ContainerId container;

  @BeforeEach
  void open() throws Exception {
    caisson = new EngineFixture(root);
    container = caisson.create().id();
  }

  @AfterEach
  void close() {
    caisson.close();
  }

  @Test
  void writesReadsListsAndDeletes() throws Exception {
    FileReceipt receipt =
        caisson
            .engine
            .workspaces()
            .write(
                caisson.organization,
                container,
                "/tmp/new dir/a file",
                EngineFixture.stream("0123456789"));
    assertThat(receipt.sizeBytes()).isEqualTo(10);
    assertThat(caisson.read(container, "/tmp/new dir/a file")).isEqualTo("0123456789");
    try (FileContent part =
        caisson
            .engine
            .workspaces()
            .read(caisson.organization, container, "/tmp/new dir/a file", new ByteRange(3, 4))) {
      assertThat(part.totalBytes()).isEqualTo(10);
      assertThat(part.lengthBytes()).isEqualTo(4);
      assertThat(new String(part.stream().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo("3456");
    }
    assertThat(caisson.engine.workspaces().list(caisson.organization, container, "/tmp/new dir"))
        .extracting(WorkspaceEntry::path)
        .containsExactly("/tmp/new dir/a file");
    caisson.engine.workspaces().delete(caisson.organization, container, "/tmp/new dir");
    assertThatThrownBy(() -> caisson.read(container, "/tmp/new dir/a file"))
        .isInstanceOf(NotFound.class);
  }

  @Test
  void opensAReleasedContainer() throws Exception {
    caisson.write(container, "/tmp/a", "x");
    caisson.clock.advance(EngineFixture.SETTINGS.idle());
    caisson.engine.sweep();
    assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.RELEASED);
    assertThat(caisson.read(container, "/tmp/a")).isEqualTo("x");
    assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.IDLE);
  }

  @Test
  void keepsTheSandboxWhileAFileIsRead() throws Exception {
    caisson.write(container, "/tmp/a", "x".repeat(1_000_000));
    FileContent content =
        caisson.engine.workspaces().read(caisson.organization, container, "/tmp/a", ByteRange.ALL);
    caisson.clock.advance(Duration.ofHours(1));
    caisson.engine.sweep();
    assertThat(content.stream().readAllBytes()).hasSize(1_000_000);
    content.close();
    content.close();
    caisson.clock.advance(Duration.ofHours(1));
    caisson.engine.sweep();
    assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.RELEASED);
  }

  @Test
  void worksBesideARunningCell() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> cell =
          threads.submit(
              () -> caisson.bash(container, "until [ -e /tmp/gate ]; do sleep 0.02; done"));
      Awaitility.await()
          .until(() -> caisson.store.containers().find(container).orElseThrow().cellRunning());
      caisson.write(container, "/tmp/beside", "x");
      assertThat(caisson.read(container, "/tmp/beside")).isEqualTo("x");
      assertThat(cell.isDone()).isFalse();
      caisson.write(container, "/tmp/gate", "");
      cell.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void tellsOfAContainerThatIsDeletedUnderAnUpload() {
    InputStream upload =
        new InputStream() {
          private boolean deleted;

          @Override
          public int read() {
            throw new UnsupportedOperationException();
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            if (!deleted) {
              deleted = true;
              caisson.engine.containers().delete(caisson.organization, container);
            }
            return length;
          }
        };
    assertThatThrownBy(() ->
            caisson
                .engine
                .workspaces()
                .write(caisson.organization, container, "/tmp/upload", upload))
        .isInstanceOf(NotFound.class)
        .hasMessageContaining(container + "` was deleted at");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "tmp/a",
        "../a",
        "/tmp/../etc/passwd",
        "/..",
        "/tmp/..",
        "/tmp/a\u0000b",
        "/tmp/a\nb",
        "/tmp/\u007f",
        "/tmp/\uD800"
      })
  void refusesABadPath(String path) {
    assertThatThrownBy(() -> caisson.read(container, path))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageStartingWith("path: ");
    assertThatThrownBy(() -> caisson.write(container, path, "x"))
        .isInstanceOf(InvalidRequest.class);
    assertThat(caisson.get(container).status()).isEqualTo(ContainerStatus.CREATED);
  }

  @Test
  void refusesPathsThatAreTooLong() {
    assertThatThrownBy(() -> caisson.read(container, "/tmp/" + "\u00fc".repeat(128)))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("255 bytes");
    assertThatThrownBy(() -> caisson.read(container, "/tmp/" + "a/".repeat(2048)))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("4096 bytes");
  }

  @Test
  void keepsContainersApart() throws Exception {
    ContainerId other = caisson.create().id();
    caisson.write(container, "/tmp/mine", "x");
    assertThatThrownBy(() -> caisson.read(other, "/tmp/mine")).isInstanceOf(NotFound.class);
    OrganizationId foreign = caisson.engine.organizations().create("other");
    assertThatThrownBy(
            () -> caisson.engine.workspaces().read(foreign, container, "/tmp/mine", ByteRange.ALL))
        .hasMessage(NotFound.container(container.value()).getMessage());
  }
}
