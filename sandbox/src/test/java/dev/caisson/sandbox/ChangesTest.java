package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a scan says of a cell, whose code may be hostile. */
class ChangesTest extends SharedSandboxes {
  private static final String SHA_OF_HELLO =
      "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

  Scan.Done done() throws InterruptedException {
    Scan scan = sandbox.changes();
    if (scan instanceof Scan.Later later) {
      scan = sandbox.changes(later.number());
    }
    assertThat(scan).isInstanceOf(Scan.Done.class);
    return (Scan.Done) scan;
  }

  /** Such as {@code CREATED /tmp/a}; what is not the cell's in lower case. */
  static List<String> shown(Scan.Done scan) {
    return scan.files().stream()
        .map(file -> {
          String kind = file.kind().name();
          return (file.byCell() ? kind : kind.toLowerCase(Locale.ROOT)) + " " + file.file().path();
        })
        .sorted()
        .toList();
  }

  private KnownFile write(String path, String text) {
    List<KnownFile> written = new ArrayList<>();
    sandbox.write(
        path, new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), written::add);
    return written.getFirst();
  }

  /** The files that are there before a test makes its own. */
  List<KnownFile> knownFromTheStart() {
    return List.of();
  }

  /** Change times have the kernel's tick: what happens within one cannot be told apart. */
  void letTheClockGoOn() throws InterruptedException {
    python("import time\nt = time.clock_gettime(5)\nwhile time.clock_gettime(5) == t: pass");
    done();
  }

  @Test
  void namesWhatACellCreatedChangedAndDeleted() throws Exception {
    bash("printf hello > /tmp/a; printf x > ~/b; mkdir -p ~/d/e; printf y > ~/d/e/c");
    Scan.Done first = done();
    assertThat(shown(first))
        .containsExactly("CREATED /home/user/b", "CREATED /home/user/d/e/c", "CREATED /tmp/a");
    assertThat(first.whole()).isTrue();
    assertThat(first.shortfall()).isEmpty();
    KnownFile a =
        first.files().stream()
            .map(ScannedFile::file)
            .filter(file -> file.path().equals("/tmp/a"))
            .findFirst()
            .orElseThrow();
    assertThat(a.sizeBytes()).isEqualTo(5);
    assertThat(a.sha256()).contains(SHA_OF_HELLO);

    bash("printf hell0 > /tmp/a; rm -r ~/d; printf z > $INPUT_DIR/i; printf o > $OUTPUT_DIR/o");
    assertThat(shown(done()))
        .hasSize(4)
        .contains("MODIFIED /tmp/a", "DELETED /home/user/d/e/c", "CREATED /files/input/i")
        .anyMatch(line -> line.matches("CREATED /files/output/[0-9a-f]{16}/o"));
    python("1");
    assertThat(done().files()).isEmpty();
  }

  @Test
  void seesAChangeWhoseTimesAndSizeWereForged() throws Exception {
    bash("printf aaaa > /tmp/a; touch -d 2001-01-01 /tmp/a");
    done();
    bash("printf bbbb > /tmp/a; touch -d 2001-01-01 /tmp/a");
    assertThat(shown(done())).containsExactly("MODIFIED /tmp/a");
  }

  @Test
  void leavesOutWhatHasTheSameContent() throws Exception {
    bash("printf hello > /tmp/a");
    done();
    bash("touch /tmp/a; printf hello > /tmp/new; mv /tmp/new /tmp/a; chmod 600 /tmp/a");
    assertThat(shown(done())).containsExactly("same /tmp/a");
  }

  @Test
  void holdsNoCellToAccountForFilesOfTheApi() throws Exception {
    write("/tmp/api", "hello");
    python("1");
    assertThat(done().files()).isEmpty();
    write("/tmp/api", "other");
    sandbox.delete("/tmp/api");
    write("/tmp/tree/x/y", "hello");
    sandbox.delete("/tmp/tree");
    python("1");
    assertThat(done().files()).isEmpty();
    bash("ln -s /home/user /tmp/link");
    done();
    assertThat(write("/tmp/link/real", "hello").path()).isEqualTo("/home/user/real");
    python("1");
    assertThat(done().files()).isEmpty();
  }

  @Test
  void comparesWithWhatTheEngineRemembers() throws Exception {
    bash("printf hello > /tmp/a; printf x > /tmp/b; printf y > /tmp/c; printf z > /tmp/'\\'\\xff");
    List<KnownFile> files = done().files().stream().map(ScannedFile::file).toList();
    KnownFile unseen = new KnownFile("/tmp/gone", 1, Optional.empty(), 1, 1);
    // As if nobody had seen how /tmp/c came and /tmp/gone went.
    List<KnownFile> known =
        new ArrayList<>(files.stream().filter(f -> !f.path().equals("/tmp/c")).toList());
    known.add(unseen);
    letTheClockGoOn();
    known.addAll(knownFromTheStart());
    sandbox.known(known, true);
    // Only a change of the directory since the cell began can be the cell's.
    python("open('/home/user/n', 'w').write('n')");
    Scan.Done scan = done();
    assertThat(scan.files())
        .filteredOn(file -> !file.file().path().equals("/tmp/gone"))
        .extracting(file -> file.kind() + " " + file.byCell() + " " + file.file().path())
        .containsExactlyInAnyOrder("CREATED true /home/user/n", "CREATED false /tmp/c");
  }

  @Test
  void takesWhatTheEngineVouchesForWithoutReadingIt() throws Exception {
    bash("printf hello > /tmp/a");
    done();
    letTheClockGoOn();
    List<KnownFile> known = new ArrayList<>(knownFromTheStart());
    known.add(new KnownFile("/tmp/a", 5, Optional.of("0".repeat(64)), 0, 0));
    sandbox.known(known, true);
    python("1");
    Scan.Done scan = done();
    assertThat(shown(scan)).containsExactly("same /tmp/a");
    assertThat(scan.files().getFirst().file().sha256()).contains("0".repeat(64));
    python("1");
    assertThat(done().files()).isEmpty();
  }

  @Test
  void followsNoLinkAndReadsNothingButFiles() throws Exception {
    bash(
        """
        ln -s /usr /tmp/usr; ln -s /etc/passwd /tmp/passwd; ln -s /tmp/loop /tmp/loop
        mkfifo /tmp/fifo; printf x > ~/one; ln ~/one ~/two; mkdir /tmp/d; touch /tmp/d/f
        """);
    assertThat(shown(done()))
        .containsExactly("CREATED /home/user/one", "CREATED /home/user/two", "CREATED /tmp/d/f");
    // A directory that became a link is gone with all that it held, whatever the link leads to.
    bash("mkdir ~/e; touch ~/e/f; rm -r /tmp/d; ln -s ~/e /tmp/d");
    assertThat(shown(done())).containsExactly("CREATED /home/user/e/f", "DELETED /tmp/d/f");
  }

  @Test
  void saysWhatItCouldNotSee() throws Exception {
    bash("mkdir /tmp/closed; touch /tmp/closed/a; touch /tmp/b");
    done();
    bash("printf x > /tmp/closed/a; chmod 0 /tmp/closed; rm /tmp/b");
    Scan.Done closed = done();
    assertThat(closed.shortfall()).contains("a directory cannot be read");
    assertThat(shown(closed)).containsExactly("DELETED /tmp/b");
    letTheClockGoOn();
    bash("chmod 700 /tmp/closed");
    assertThat(shown(done())).containsExactly("modified /tmp/closed/a");

    python("import os\nfor i in range(300): os.mkdir('d'); os.chdir('d')\nos.chdir('/tmp')");
    assertThat(done().shortfall()).contains("directories lie too deep");
    bash("rm -r ~/d; touch /tmp/$(printf 'x%.0s' {1..250})");
    assertThat(done().shortfall()).isEmpty();
    python(
        """
        import os
        os.chdir('/tmp')
        for i in range(5): os.mkdir('y' * 250); os.chdir('y' * 250)
        open('z' * 250, 'w').close()
        os.chdir('/tmp')
        """);
    assertThat(done().shortfall()).isPresent();
  }

  @Test
  @Tag("slow")
  void isCutShortByMoreFilesThanItMayKnow() throws Exception {
    bash("printf x > /tmp/a");
    done();
    python("import os\nfor i in range(20001): os.mknod(f'/home/user/{i}')");
    Scan.Done cut = done();
    assertThat(cut.whole()).isFalse();
    assertThat(cut.shortfall()).contains("there are more than 20000 entries");
    bash("rm -r ~/*; printf y > /tmp/a");
    Scan.Done after = done();
    assertThat(after.whole()).isTrue();
    assertThat(after.shortfall()).contains("not all files were known before");
    assertThat(shown(after)).contains("MODIFIED /tmp/a");
    python("open('/tmp/b', 'w').write('b')");
    assertThat(done().shortfall()).isEmpty();
  }

  @Test
  void hashesMuchAfterTheReplyBesideTheNextCell() throws Exception {
    python("with open('/tmp/big', 'wb') as f: f.truncate(400 << 20)");
    Scan first = sandbox.changes();
    assertThat(first).isInstanceOf(Scan.Later.class);
    long started = System.nanoTime();
    bash("printf n > /tmp/next; printf b >> /tmp/big");
    assertThat(System.nanoTime() - started).isLessThan(2_000_000_000L);
    Scan second = sandbox.changes();
    Scan.Done big = (Scan.Done) sandbox.changes(((Scan.Later) first).number());
    assertThat(shown(big)).containsExactly("CREATED /tmp/big");
    if (second instanceof Scan.Later later) {
      second = sandbox.changes(later.number());
    }
    assertThat(shown((Scan.Done) second))
        .contains("CREATED /tmp/next")
        .contains("MODIFIED /tmp/big");
  }

  @Test
  void doesNotHashWhatGrowsMeanwhile() throws Exception {
    python(
        """
        import threading, time
        f = open('/tmp/growing', 'wb', buffering=0)
        def grow():
            while True: f.write(b'x' * 100)
        f.write(b'x' * (60 << 20))
        threading.Thread(target=grow, daemon=True).start()
        """);
    Scan.Done scan = done();
    assertThat(scan.files()).allMatch(file -> file.file().sha256().isEmpty());
    assertThat(SandboxFixture.code(python("print(1)"))).isZero();
  }
}
