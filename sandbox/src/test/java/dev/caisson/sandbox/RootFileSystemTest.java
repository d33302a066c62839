package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RootFileSystemTest {
  /** Copies the programs, the libraries they load, and the standard library. */
  private static final String COPY =
      """
      set -e
      root=$1
      mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/etc"
      for top in bin lib lib64; do
        if [ -L "/$top" ]; then
          mkdir -p "$root/$(readlink "/$top")"
          ln -s "$(readlink "/$top")" "$root/$top"
        fi
      done
      python=$(readlink -f /usr/bin/python3)
      copy() { mkdir -p "$root$(dirname "$1")"; cp -L "$1" "$root$1"; }
      copy "$(command -v bash | xargs readlink -f)"
      copy "$python"
      ln -sf "$(basename "$python")" "$root/usr/bin/python3"
      library=$(python3 -c 'import os; print(os.path.dirname(os.__file__))')
      mkdir -p "$root$library"
      tar -C "$library" --exclude=__pycache__ --exclude=test --exclude=dist-packages \\
          --exclude=site-packages -cf - . | tar -C "$root$library" -xf -
      for binary in /bin/bash "$python" "$library"/lib-dynload/*.so; do
        ldd "$binary" | grep -o '/[^ ]*' || true
      done | sort -u | while read -r file; do copy "$file"; done
      """;

  @TempDir Path temporary;
  private Path root = Path.of("/");

  @BeforeEach
  void makeRoot() throws IOException {
    root = Files.createDirectory(temporary.resolve("root"));
  }

  @Test
  void takesRootFileSystemWithBashAndPython() throws Exception {
    copyHost();
    Images images = Images.open(temporary.resolve("images"));

    Image image = images.register(root);

    assertThat(image.kind()).isEqualTo(Image.Kind.ROOTFS);
    assertThat(image.directory()).isEqualTo(root.toRealPath());
    assertThat(image.python()).isEqualTo("/usr/bin/python3");
    assertThat(image.description().name()).startsWith("rootfs-");
    assertThat(images.find(image.description().name())).contains(image);
    assertThat(images.register(root)).isEqualTo(image);

    Files.writeString(root.resolve("etc/changed"), "x");
    assertThat(images.register(root).description().digest())
        .isNotEqualTo(image.description().digest());

    images.remove(image.description().name());
    assertThat(root.resolve("usr/bin/python3")).exists();
  }

  @Test
  void refusesPythonThatLacksWhatTheGuestNeeds() throws Exception {
    copyHost();
    try (var modules = Files.walk(root)) {
      for (Path path : modules.filter(found -> found.endsWith("subprocess.py")).toList()) {
        Files.delete(path);
      }
    }
    refused("No module named 'subprocess'");
  }

  @Test
  void refusesWhatIsNoDirectory() {
    root = temporary.resolve("absent");
    refused("no directory");
  }

  @Test
  void refusesRootWithoutBash() {
    refused("no /bin/bash");
  }

  @Test
  void refusesRootWithoutPython() throws IOException {
    program("bin/bash");
    refused("no Python");
  }

  @ParameterizedTest
  @CsvSource({"python3.8,3.8", "python3.6,3.6"})
  void refusesOldPythonWithoutRunningIt(String file, String version) throws IOException {
    program("bin/bash");
    program("usr/bin/" + file);
    Files.createSymbolicLink(root.resolve("usr/bin/python3"), Path.of(file));
    refused("Python is " + version + ", older than 3.9");
  }

  @Test
  void refusesPythonOfUnknownVersion() throws IOException {
    program("bin/bash");
    program("usr/local/bin/python3");
    refused("version");
  }

  @Test
  void refusesProgramsThatDoNotRun() throws IOException {
    program("bin/bash");
    program("usr/bin/python3.12");
    Files.createSymbolicLink(root.resolve("usr/bin/python3"), Path.of("python3.12"));
    refused("do not run");
  }

  @Test
  void takesNoProgramThatOnlyTheHostHas() throws IOException {
    Files.createDirectories(root.resolve("bin"));
    Files.createSymbolicLink(
        root.resolve("bin/bash"), root.getRoot().resolve("usr").resolve("bin").resolve("bash"));
    refused("no /bin/bash");
  }

  @Test
  void followsLinksInsideTheRootOnly() throws IOException {
    Path target = program("usr/bin/tool");
    Files.createSymbolicLink(root.resolve("absolute"), Path.of("/usr/bin/tool"));
    Files.createSymbolicLink(root.resolve("climbing"), Path.of("../../../../usr/bin/tool"));
    Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));

    assertThat(RootFileSystem.resolve(root, "/absolute")).contains(target);
    assertThat(RootFileSystem.resolve(root, "/climbing")).contains(target);
    assertThat(RootFileSystem.resolve(root, "/loop")).isEqualTo(Optional.empty());
  }

  private void refused(String reason) {
    assertThatThrownBy(() -> Images.open(temporary.resolve("images")).register(root))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining(root.toString())
        .hasMessageContaining(reason);
  }

  private Path program(String path) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "no program at all\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private void copyHost() throws Exception {
    ProcessBuilder builder = new ProcessBuilder("/bin/bash", "-c", COPY, "copy", root.toString());
    builder.environment().put("PATH", "/usr/bin:/bin");
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
