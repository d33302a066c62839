package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.WorkspaceEntry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** File IO on a workspace, whose files and names come from hostile code. */
class FilesTest extends SharedSandboxes {
  private FileReceipt write(String path, String text) {
    return sandbox.write(path, new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private String read(String path, ByteRange range) throws IOException {
    try (FileContent content = sandbox.read(path, range)) {
      return new String(content.stream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void writesAndReadsBack() throws IOException {
    FileReceipt receipt = write("/files/input/new/dir/a.txt", "hello");
    assertThat(receipt)
        .isEqualTo(
            new FileReceipt(
                "/files/input/new/dir/a.txt",
                5,
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
    assertThat(read("/files/input/new/dir/a.txt", ByteRange.ALL)).isEqualTo("hello");
    assertThat(out(bash("cat $INPUT_DIR/new/dir/a.txt; stat -c %U $INPUT_DIR/new/dir/a.txt")))
        .isEqualTo("hellouser\n");
  }

  @Test
  void replacesAFileAndLeavesNothingBeside() {
    write("/tmp/a", "first");
    write("/tmp/a", "second");
    assertThat(out(bash("cat /tmp/a; ls -A /tmp"))).isEqualTo("seconda\n");
  }

  @Test
  void writesAndReadsHundredMegabytes() throws Exception {
    long size = 100_000_000;
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    FileReceipt receipt =
        sandbox.write("/tmp/big", new DigestInputStream(new Pattern(size), digest));
    String expected = HexFormat.of().formatHex(digest.digest());
    assertThat(receipt.sizeBytes()).isEqualTo(size);
    assertThat(receipt.sha256()).isEqualTo(expected);
    try (FileContent content = sandbox.read("/tmp/big", ByteRange.ALL)) {
      MessageDigest back = MessageDigest.getInstance("SHA-256");
      byte[] chunk = new byte[1 << 16];
      for (int n = content.stream().read(chunk); n >= 0; n = content.stream().read(chunk)) {
        back.update(chunk, 0, n);
      }
      assertThat(HexFormat.of().formatHex(back.digest())).isEqualTo(expected);
    }
  }

  /** A stream of numbers that do not repeat where a chunk would end. */
  private static final class Pattern extends InputStream {
    private final long size;
    private long position;

    Pattern(long size) {
      this.size = size;
    }

    @Override
    public int read() {
      return position == size ? -1 : (int) ((position++ * 31) % 251);
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (position == size) {
        return -1;
      }
      int count = (int) Math.min(length, size - position);
      for (int i = 0; i < count; i++) {
        target[offset + i] = (byte) ((position++ * 31) % 251);
      }
      return count;
    }
  }

  @Test
  void readsRanges() throws IOException {
    write("/tmp/a", "0123456789");
    assertThat(read("/tmp/a", new ByteRange(3, 4))).isEqualTo("3456");
    assertThat(read("/tmp/a", new ByteRange(8, 100))).isEqualTo("89");
    assertThat(read("/tmp/a", new ByteRange(0, 0))).isEmpty();
    try (FileContent content = sandbox.read("/tmp/a", new ByteRange(8, 100))) {
      assertThat(content.totalBytes()).isEqualTo(10);
      assertThat(content.lengthBytes()).isEqualTo(2);
    }
    assertThatThrownBy(() -> sandbox.read("/tmp/a", new ByteRange(10, 1)))
        .isInstanceOfSatisfying(
            CaissonException.RangeNotSatisfiable.class,
            refusal -> assertThat(refusal.sizeBytes()).isEqualTo(10));
    write("/tmp/empty", "");
    assertThat(read("/tmp/empty", ByteRange.ALL)).isEmpty();
  }

  @Test
  void refusesWhatIsNoRegularFileWithoutHanging() {
    bash("mkfifo /tmp/fifo; ln -s /dev/zero /tmp/zero; mkdir /tmp/dir; ln -s loop /tmp/loop");
    python("import socket, os\nos.mknod('/tmp/other', 0o600 | 0o010000)");
    for (String path :
        List.of("/tmp/fifo", "/tmp/zero", "/tmp/dir", "/dev/zero", "/tmp/other", "/tmp/loop")) {
      assertThatThrownBy(() -> sandbox.read(path, ByteRange.ALL).close())
          .as(path)
          .isInstanceOf(CaissonException.InvalidRequest.class)
          .hasMessageStartingWith(path);
    }
    for (String path : List.of("/tmp/none", "/tmp/none/below", "/etc/passwd/below")) {
      assertThatThrownBy(() -> sandbox.read(path, ByteRange.ALL).close())
          .as(path)
          .isInstanceOf(CaissonException.NotFound.class);
    }
  }

  @Test
  void followsLinksInsideTheWallsOnly() throws IOException {
    bash(
        "ln -s /etc/passwd /tmp/absolute; ln -s ../../../../../../etc/passwd /tmp/relative;"
            + " ln -s /etc /tmp/etc; ln -s /etc/shadow /tmp/shadow; ln -s /root /tmp/root");
    for (String path :
        List.of("/tmp/absolute", "/tmp/relative", "/tmp/etc/passwd", "/tmp/../../etc/passwd")) {
      assertThat(read(path, ByteRange.ALL)).as(path).contains("user:x:1000").hasLineCount(3);
    }
    for (String path : List.of("/tmp/shadow", "/tmp/root/.bashrc", "/proc/1/root/etc/shadow")) {
      assertThatThrownBy(() -> sandbox.read(path, ByteRange.ALL).close())
          .as(path)
          .isInstanceOf(CaissonException.class);
    }
  }

  @Test
  void refusesToWriteWhereACellCouldNot() {
    bash("mkdir /tmp/closed; chmod 500 /tmp/closed; mkdir /tmp/dir; ln -s /usr /tmp/usr");
    for (String path :
        List.of("/etc/a", "/usr/a", "/tmp/usr/a", "/tmp/closed/a", "/tmp/dir", "/opt/caisson/a")) {
      assertThatThrownBy(() -> write(path, "x"))
          .as(path)
          .isInstanceOf(CaissonException.InvalidRequest.class)
          .hasMessageStartingWith(path);
    }
    for (String path : List.of("relative", "", "/tmp/a\0b", "/tmp/\uD800", "/tmp/", "/tmp/..")) {
      assertThatThrownBy(() -> write(path, "x"))
          .as(path)
          .isInstanceOf(CaissonException.InvalidRequest.class);
    }
  }

  @Test
  void refusesAFileOverTheLimitAndLeavesNothingOfIt() {
    Sandbox small =
        fixture.open(ContainerId.next(), SandboxFixture.LIMITS.withDisk(ByteSize.ofMebibytes(1)));
    try (small) {
      assertThatThrownBy(() -> small.write("/tmp/a", new Pattern(5_000_000)))
          .isInstanceOf(CaissonException.TooLarge.class)
          .hasMessageStartingWith("/tmp/a");
      assertThat(small.list("/tmp")).isEmpty();
    }
  }

  @Test
  void leavesNothingOfAWriteThatBrokeOff() {
    InputStream broken =
        new SequenceInputStream(
            new Pattern(1_000_000),
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new IOException("the upload broke off");
              }

              @Override
              public int read(byte[] target, int offset, int length) throws IOException {
                return read();
              }
            });
    assertThatThrownBy(() -> sandbox.write("/tmp/a", broken))
        .isInstanceOf(CaissonException.class)
        .hasStackTraceContaining("the upload broke off");
    assertThat(
            out(
                bash(
                    "for i in $(seq 100); do ls -A /tmp; [ -z \"$(ls -A /tmp)\" ] && break;"
                        + " sleep 0.05; done | tail -n 1")))
        .isIn("", "\n");
  }

  @Test
  void listsEntriesByNameWithTheirKinds() {
    bash(
        "cd /tmp; echo abc > b; mkdir a; ln -s /etc/passwd c; mkfifo d; touch -d @1000000000.5 e;"
            + " echo > $'f\\ng'; echo > $'h\\xff'");
    List<WorkspaceEntry> entries = sandbox.list("/tmp");
    assertThat(entries)
        .extracting(WorkspaceEntry::path)
        .containsExactly(
            "/tmp/a", "/tmp/b", "/tmp/c", "/tmp/d", "/tmp/e", "/tmp/f\ng", "/tmp/h\uFFFD");
    assertThat(entries)
        .extracting(WorkspaceEntry::kind)
        .startsWith(
            WorkspaceEntry.Kind.DIRECTORY,
            WorkspaceEntry.Kind.FILE,
            WorkspaceEntry.Kind.LINK,
            WorkspaceEntry.Kind.OTHER);
    assertThat(entries.get(1).sizeBytes()).isEqualTo(4);
    assertThat(entries.get(4).modifiedAt()).isEqualTo(Instant.ofEpochMilli(1_000_000_000_500L));
    assertThat(sandbox.list("/tmp/b")).containsExactly(entries.get(1));
    assertThat(sandbox.list("/tmp/a")).isEmpty();
    assertThatThrownBy(() -> sandbox.list("/tmp/none"))
        .isInstanceOf(CaissonException.NotFound.class);
  }

  @Test
  void listsADirectoryOfManyEntries() {
    bash("cd /tmp; seq -f 'file-%05g' 1 1500 | xargs touch");
    List<WorkspaceEntry> entries = sandbox.list("/tmp");
    assertThat(entries).hasSize(1500);
    assertThat(entries.getLast().path()).isEqualTo("/tmp/file-01500");
  }

  @Test
  void deletesFilesAndHostileTrees() {
    bash(
        "cd /tmp; echo > keep; mkdir -p t/a/b t/closed; echo > t/a/b/f; ln -s /tmp/keep t/link;"
            + " ln -s /tmp t/loop; mkfifo t/fifo; echo > t/closed/f; chmod 000 t/closed t/a");
    python(
        """
        import os
        os.chdir('/tmp/t')
        for depth in range(1500):
            os.mkdir('deep')
            os.chdir('deep')
        """);
    sandbox.delete("/tmp/t");
    assertThat(out(bash("ls -A /tmp"))).isEqualTo("keep\n");
    sandbox.delete("/tmp/keep");
    assertThat(sandbox.list("/tmp")).isEmpty();
    assertThatThrownBy(() -> sandbox.delete("/tmp/keep"))
        .isInstanceOf(CaissonException.NotFound.class);
  }

  @Test
  void refusesToDeleteWhatBelongsToTheContainer() {
    for (String path :
        List.of("/", "/tmp", "/tmp/", "/home/user", "/files/input/../output", "/usr")) {
      assertThatThrownBy(() -> sandbox.delete(path))
          .as(path)
          .isInstanceOf(CaissonException.InvalidRequest.class);
    }
  }

  @Test
  void countsBytesOnDisk() {
    long before = sandbox.diskBytes();
    bash("head -c 1M /dev/urandom > /tmp/a; ln /tmp/a /tmp/b; truncate -s 1G /tmp/sparse");
    assertThat(sandbox.diskBytes() - before).isBetween(1L << 20, (1L << 20) + 65_536);
  }

  @Test
  void readsAFileWhileACellRuns() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    write("/tmp/a", "meanwhile");
    CellProgram program =
        new CellProgram(
            Language.BASH,
            "echo; while [ ! -e /tmp/go ]; do sleep 0.05; done",
            InterpreterMode.FRESH,
            Duration.ofSeconds(20),
            Map.of(),
            SandboxFixture.outputDirectory());
    FutureTask<CellRun> task =
        new FutureTask<>(() -> sandbox.run(program, (stream, text) -> running.countDown()));
    Thread.ofVirtual().start(task);
    assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(read("/tmp/a", ByteRange.ALL)).isEqualTo("meanwhile");
    assertThat(task.isDone()).isFalse();
    write("/tmp/go", "");
    assertThat(SandboxFixture.code(task.get(20, TimeUnit.SECONDS))).isZero();
  }

  @Test
  void letsAReaderStopEarly() throws IOException {
    bash("head -c 50M /dev/zero > /tmp/a");
    try (FileContent content = sandbox.read("/tmp/a", ByteRange.ALL)) {
      assertThat(content.stream().read()).isZero();
    }
    assertThat(out(bash("echo next"))).isEqualTo("next\n");
  }

  @Test
  void tellsOfAFileThatBecameShorterWhileItWasRead() {
    bash("head -c 16000000 /dev/zero > /tmp/shrinks");
    try (FileContent content = sandbox.read("/tmp/shrinks", ByteRange.ALL)) {
      bash("truncate -s 10 /tmp/shrinks");
      assertThatThrownBy(() -> content.stream().readAllBytes())
          .isInstanceOf(CaissonException.Conflict.class)
          .hasMessageContaining("/tmp/shrinks: became shorter");
    }
  }
}
