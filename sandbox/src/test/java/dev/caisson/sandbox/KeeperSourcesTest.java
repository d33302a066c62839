package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeeperSourcesTest {
  private static final Path SOURCES = Path.of("src/main/python");

  @Test
  void namesEverySource() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      List<String> found =
          files
              .map(file -> SOURCES.relativize(file).toString())
              .filter(name -> name.endsWith(".py"))
              .sorted()
              .toList();
      assertThat(KeeperSources.NAMES).isNotEmpty().isEqualTo(found);
    }
  }

  @Test
  void unpacksOnceForAnyNumberOfProcesses(@TempDir Path run) throws IOException {
    KeeperSources sources = KeeperSources.load();
    Path first = sources.unpack(run);
    assertThat(sources.unpack(run)).isEqualTo(first);
    assertThat(first.resolve("guest/supervisor.py"))
        .hasSameTextualContentAs(SOURCES.resolve("guest/supervisor.py"));
    try (Stream<Path> left = Files.list(run)) {
      assertThat(left).containsExactly(first);
    }
  }

  /** The parts of the keeper that can be tried without a sandbox, in their own language. */
  @Test
  void passesItsOwnTests() throws Exception {
    Process tests =
        new ProcessBuilder(
                "/usr/bin/python3", "-B", "src/test/python/cgroups_test.py", SOURCES.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(tests.waitFor()).as(said).isZero();
    assertThat(said).contains("Ran 5 tests");
  }
}
