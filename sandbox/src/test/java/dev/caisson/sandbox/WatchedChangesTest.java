package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The same of a workspace with so many files that the guest has the kernel tell what is touched,
 * and what such a look could miss.
 */
class WatchedChangesTest extends ChangesTest {
  private static final String TOUCH_MANY =
      "import os\nos.mkdir('many')\nfor i in range(60): open(f'many/{i}', 'w').write(str(i))";

  private List<KnownFile> many = List.of();

  @Override
  List<KnownFile> knownFromTheStart() {
    return many;
  }

  @BeforeEach
  void makeManyFiles() throws InterruptedException {
    python(TOUCH_MANY);
    many = done().files().stream().map(ScannedFile::file).toList();
    assertThat(many).hasSize(60);
    letTheClockGoOn();
    letTheClockGoOn();
    letTheClockGoOn();
  }

  /** How many guests have the kernel tell them; only root can see that. */
  private static long watchingGuests() throws IOException {
    long found = 0;
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : (Iterable<Path>) processes::iterator) {
        if (isGuest(process) && hasWatches(process)) {
          found++;
        }
      }
    }
    return found;
  }

  private static boolean isGuest(Path process) {
    try {
      return Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1)
          .contains("supervisor");
    } catch (IOException e) {
      return false; // no process, or one that has ended
    }
  }

  private static boolean hasWatches(Path process) throws IOException {
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      for (Path descriptor : (Iterable<Path>) descriptors::iterator) {
        if (Files.readSymbolicLink(descriptor).toString().contains("inotify")) {
          return true;
        }
      }
    } catch (NoSuchFileException e) {
      // ended meanwhile
    }
    return false;
  }

  @Test
  void isWatchingUntilItCannotFollow() throws Exception {
    assumeThat(System.getProperty("user.name")).isEqualTo("root");
    long before = watchingGuests();
    assertThat(before).isPositive();
    python("import os\nfor i in range(300): os.mkdir(f'many/d{i}')");
    done();
    // The guest lets go of its watches after the reply.
    python("open('many/d299/x', 'w').write('x')");
    assertThat(watchingGuests()).isEqualTo(before - 1);
    assertThat(shown(done())).containsExactly("CREATED /home/user/many/d299/x");
  }

  @Test
  void seesWhatIsWrittenThroughMemory() throws Exception {
    python(
        """
        import mmap
        f = open('/home/user/many/7', 'r+b')
        m = mmap.mmap(f.fileno(), 0)
        f.close()
        """);
    assertThat(done().files()).isEmpty();
    letTheClockGoOn();
    python("m[0:1] = b'x'; m.flush()");
    assertThat(shown(done())).containsExactly("MODIFIED /home/user/many/7");
    letTheClockGoOn();
    python("m[0:1] = b'y'; m.flush(); m.close()");
    assertThat(shown(done())).containsExactly("MODIFIED /home/user/many/7");
    letTheClockGoOn();
    fresh(
        """
        import mmap
        f = open('/home/user/many/8', 'r+b')
        m = mmap.mmap(f.fileno(), 0)
        f.close()
        m[0:1] = b'x'
        """);
    assertThat(shown(done())).containsExactly("MODIFIED /home/user/many/8");
  }

  @Test
  void seesWhatIsWrittenToAFileThatWasOpenBefore() throws Exception {
    python("f = open('/home/user/many/7', 'r+b', buffering=0)");
    assertThat(done().files()).isEmpty();
    letTheClockGoOn();
    python("f.write(b'x')");
    assertThat(shown(done())).containsExactly("MODIFIED /home/user/many/7");
    letTheClockGoOn();
    python("import os\nos.rename('/home/user/many', '/home/user/moved'); f.write(b'y')");
    assertThat(shown(done()))
        .hasSize(120)
        .contains("CREATED /home/user/moved/7", "DELETED /home/user/many/7");
    letTheClockGoOn();
    python("f.write(b'z')");
    assertThat(shown(done())).containsExactly("MODIFIED /home/user/moved/7");
  }

  @Test
  void seesDirectoriesThatComeAndGo() throws Exception {
    bash("mkdir -p ~/many/a/b/c; printf x > ~/many/a/b/c/d");
    assertThat(shown(done())).containsExactly("CREATED /home/user/many/a/b/c/d");
    bash("printf y > ~/many/a/b/c/d; mkdir ~/many/a/b/e; printf z > ~/many/a/b/e/f");
    assertThat(shown(done()))
        .containsExactly("CREATED /home/user/many/a/b/e/f", "MODIFIED /home/user/many/a/b/c/d");
    letTheClockGoOn();
    bash("printf w > ~/many/a/b/c/d");
    assertThat(shown(done())).containsExactly("MODIFIED /home/user/many/a/b/c/d");
    bash("mv ~/many/a/b ~/many/g; mkdir ~/many/a/b; printf n > ~/many/a/b/new");
    // A file that moves with its directory keeps its own time of change.
    assertThat(shown(done()))
        .map(line -> line.toLowerCase(Locale.ROOT))
        .containsExactlyInAnyOrder(
            "created /home/user/many/a/b/new",
            "created /home/user/many/g/c/d",
            "created /home/user/many/g/e/f",
            "deleted /home/user/many/a/b/c/d",
            "deleted /home/user/many/a/b/e/f");
    letTheClockGoOn();
    bash("printf o > ~/many/g/e/f; rm -r ~/many/a; printf file > ~/many/a");
    assertThat(shown(done()))
        .containsExactly(
            "CREATED /home/user/many/a",
            "DELETED /home/user/many/a/b/new",
            "MODIFIED /home/user/many/g/e/f");
    letTheClockGoOn();
    bash("rm ~/many/a; mkdir ~/many/a; printf y > ~/many/a/y");
    assertThat(shown(done()))
        .containsExactly("CREATED /home/user/many/a/y", "DELETED /home/user/many/a");
  }

  @Test
  void seesAFileByAllItsNames() throws Exception {
    bash("mkdir ~/other; ln ~/many/5 ~/other/five");
    done();
    letTheClockGoOn();
    bash("printf changed > ~/other/five");
    assertThat(shown(done()))
        .containsExactly("MODIFIED /home/user/many/5", "MODIFIED /home/user/other/five");
  }

  @Test
  void seesManyChangesAtOnce() throws Exception {
    python("for i in range(5000): open(f'many/n{i % 70}', 'w').write(str(i))");
    assertThat(done().files()).hasSize(70);
    letTheClockGoOn();
    python("import os\nfor i in range(70): os.rename(f'many/n{i}', f'many/m{i}')");
    assertThat(done().files()).hasSize(140);
    letTheClockGoOn();
    bash("rm ~/many/m1; printf x > ~/many/2");
    assertThat(shown(done()))
        .containsExactly("DELETED /home/user/many/m1", "MODIFIED /home/user/many/2");
  }

  @Test
  void seesWhatAThreadWritesBetweenCells() throws Exception {
    python(
        """
        import threading, os
        go = threading.Event()
        def later():
            go.wait()
            for i in range(200):
                open('/home/user/many/9', 'w').write('x' * i)
        thread = threading.Thread(target=later, daemon=True)
        thread.start()
        """);
    assertThat(done().files()).isEmpty();
    python("go.set()");
    done();
    python("thread.join()");
    done();
    letTheClockGoOn();
    bash("rm ~/many/9");
    assertThat(shown(done())).containsExactly("DELETED /home/user/many/9");
  }
}
