package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.Rebuild.Match;
import dev.caisson.domain.Rebuild.RebuiltFile;
import dev.caisson.domain.Rebuild.Step;
import dev.caisson.domain.Rebuild.StepResult;
import dev.caisson.domain.RebuildListener;
import dev.caisson.domain.Requester;
import dev.caisson.domain.StoredFile;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers that are made again from what was done to others. */
class RebuildsTest {
  @TempDir Path root;
  private EngineFixture caisson;

  @BeforeEach
  void open() throws Exception {
    caisson = new EngineFixture(root);
  }

  @AfterEach
  void close() {
    caisson.close();
  }

  private Rebuild rebuild(ContainerId id) {
    return rebuild(id, RebuildListener.NONE);
  }

  private Rebuild rebuild(ContainerId id, RebuildListener listener) {
    return caisson
        .engine
        .rebuilds()
        .rebuild(Requester.local(caisson.organization), id, Optional.empty(), listener);
  }

  private void write(ContainerId id, String path, byte[] content) {
    caisson
        .engine
        .workspaces()
        .write(caisson.organization, id, path, new ByteArrayInputStream(content));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static RebuiltFile file(Rebuild rebuilt, String path) {
    return rebuilt.files().stream()
        .filter(one -> one.path().equals(path))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void anExpiredContainerComesBackFromItsUploadsWritesAndCells() {
    StoredFile upload = caisson.upload("numbers.csv", "1\n2\n3\n");
    ContainerId id = caisson.createWith(upload).id();
    write(id, "/home/user/double.py", bytes("def double(x):\n    return 2 * x\n"));
    write(id, "/tmp/gone", bytes("x"));
    caisson.engine.workspaces().delete(caisson.organization, id, "/tmp/gone");
    caisson.python(
        id, "from double import double\nrows = [int(x) for x in open('/files/input/numbers.csv')]");
    caisson.python(id, "open('/tmp/total', 'w').write(str(sum(map(double, rows))))");
    caisson.bash(id, "cp /tmp/total $OUTPUT_DIR/total.txt; exit 3");
    caisson.clock.advance(Duration.ofDays(31));
    caisson.engine.sweep();
    assertThat(caisson.get(id).status()).isEqualTo(ContainerStatus.EXPIRED);

    List<String> heard = new ArrayList<>();
    Rebuild rebuilt =
        rebuild(id, (step, done, all) -> heard.add(step.kind() + " " + done + "/" + all));

    assertThat(rebuilt.steps()).extracting(Step::result).containsOnly(StepResult.SAME);
    assertThat(heard)
        .containsExactly(
            "MOUNT 1/7",
            "WRITE 2/7",
            "WRITE 3/7",
            "DELETE 4/7",
            "CELL 5/7",
            "CELL 6/7",
            "CELL 7/7");
    assertThat(rebuilt.counts()).containsOnlyKeys(Match.MATCHES);
    assertThat(rebuilt.files())
        .extracting(RebuiltFile::path)
        .contains("/tmp/total", "/home/user/double.py", "/files/input/numbers.csv")
        .anyMatch(path -> path.startsWith("/files/output/") && path.endsWith("/total.txt"));
    assertThat(rebuilt.same()).isTrue();
    assertThat(
            caisson
                .python(rebuilt.container().id(), "print(sum(map(double, rows)))")
                .stdout()
                .text())
        .isEqualTo("12\n");
  }

  @Test
  void saysWhatDiffersWhatIsMissingAndWhy() {
    StoredFile upload = caisson.upload("lost.csv", "1\n");
    ContainerId id = caisson.createWith(upload).id();
    write(id, "/tmp/large", new byte[Journal.KEPT_OF_A_FILE + 1]);
    write(id, "/tmp/largest-kept", new byte[Journal.KEPT_OF_A_FILE]);
    caisson.bash(
        id,
        "head -c 16 /dev/urandom > /tmp/random; cat /tmp/random > /tmp/$(sha256sum /tmp/random | head -c 8)-name");
    caisson.run(
        id,
        CellSpec.bash("test -n \"$SECRET\" && echo made > /tmp/with-secret")
            .withEnvironment(Map.of("SECRET", "x")));
    caisson.run(
        id, CellSpec.bash("echo cut > /tmp/cut; sleep 60").withTimeout(Duration.ofMillis(700)));
    caisson.engine.files().delete(caisson.organization, upload.id());

    Rebuild rebuilt = rebuild(id);

    assertThat(rebuilt.same()).isFalse();
    assertThat(file(rebuilt, "/tmp/random").match()).isEqualTo(Match.DIFFERS);
    assertThat(file(rebuilt, "/tmp/largest-kept").match()).isEqualTo(Match.MATCHES);
    assertThat(file(rebuilt, "/tmp/cut").match()).isEqualTo(Match.MATCHES);
    assertThat(file(rebuilt, "/tmp/large").reason().orElseThrow())
        .contains("write /tmp/large was skipped")
        .contains("1024 KiB");
    assertThat(file(rebuilt, "/files/input/lost.csv").reason().orElseThrow())
        .contains("mount lost.csv was skipped")
        .contains(upload.id().value());
    assertThat(file(rebuilt, "/tmp/with-secret").reason().orElseThrow())
        .contains("ended otherwise: completed with 0 before, completed with 1")
        .contains("without its 1 environment variable:");
    assertThat(rebuilt.count(Match.EXTRA)).isEqualTo(1);
    assertThat(rebuilt.count(Match.MISSING)).isEqualTo(4);
    assertThat(rebuilt.files().getLast().match()).isEqualTo(Match.MATCHES);
  }

  @Test
  void skipsCellsThatNobodyCanRepeat() throws Exception {
    ContainerId id = caisson.create().id();
    Thread caller =
        Thread.ofVirtual().start(() -> caisson.bash(id, "echo half > /tmp/half; sleep 60"));
    org.awaitility.Awaitility.await()
        .until(
            () -> caisson.engine.workspaces().list(caisson.organization, id, "/tmp").size() == 1);
    caller.interrupt();
    caller.join();
    Rebuild rebuilt = rebuild(id);
    assertThat(rebuilt.steps())
        .singleElement()
        .satisfies(step -> {
          assertThat(step.result()).isEqualTo(StepResult.SKIPPED);
          assertThat(step.note().orElseThrow()).contains("cut off (cancelled)");
        });
    assertThat(file(rebuilt, "/tmp/half").reason().orElseThrow()).contains("cut off");
  }

  @Test
  void aRebuiltContainerAndAForkCanBeRebuilt() {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "echo one > /tmp/one");
    ContainerId fork =
        caisson.engine.forks().fork(caisson.organization, id, Optional.empty()).container().id();
    caisson.bash(fork, "echo two > /tmp/two");
    Rebuild once = rebuild(fork);
    assertThat(once.count(Match.MATCHES)).isEqualTo(2);
    assertThat(once.same()).isTrue();
    assertThat(rebuild(once.container().id()).same()).isTrue();
  }

  @Test
  void refusesWhatIsDeletedForeignOrWithoutItsImage() throws Exception {
    ContainerId deleted = caisson.create().id();
    caisson.bash(deleted, "true");
    caisson.engine.containers().delete(caisson.organization, deleted);
    assertThatThrownBy(() -> rebuild(deleted)).isInstanceOf(NotFound.class);
    assertThat(caisson.store.journal().list(deleted)).isEmpty();

    ContainerId id = caisson.create().id();
    Requester foreign = Requester.local(OrganizationId.next());
    assertThatThrownBy(() ->
            caisson.engine.rebuilds().rebuild(foreign, id, Optional.empty(), RebuildListener.NONE))
        .isInstanceOf(NotFound.class);

    caisson.sandboxes.images().remove(EngineFixture.IMAGE);
    assertThatThrownBy(() -> rebuild(id))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("image 'bare', which is not there any more");
  }

  @Test
  void isDeletedAgainWhenItsCallerGivesUp() throws Exception {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "true");
    caisson.bash(id, "true");
    Thread caller =
        Thread.ofVirtual()
            .start(() ->
                assertThatThrownBy(
                    () -> rebuild(id, (step, done, all) -> Thread.currentThread().interrupt())));
    caller.join();
    assertThat(caisson.engine.containers().list(caisson.organization, PageRequest.first()).items())
        .extracting(container -> container.id())
        .containsExactly(id);
  }

  @Test
  void isOneRequestToTheBill() {
    ContainerId id = caisson.create().id();
    caisson.bash(id, "true");
    caisson.bash(id, "true");
    long before = rows();
    rebuild(id);
    assertThat(rows()).isEqualTo(before + 1);
  }

  private long rows() {
    return caisson.engine.ledger().reports().verify(caisson.organization).rows();
  }
}
