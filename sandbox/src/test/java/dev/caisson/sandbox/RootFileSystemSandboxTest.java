package dev.caisson.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.domain.ContainerId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A sandbox on a root file system of its own: what bash and Python need, copied from the host. */
class RootFileSystemSandboxTest {
  private static final String COPY =
      """
      set -e
      cd "$1"
      mkdir -p usr/bin usr/lib etc data root
      ln -s usr/bin bin; ln -s usr/lib lib; ln -s usr/lib64 lib64
      python=$(readlink -f /usr/bin/python3)
      copy() { mkdir -p ".$(dirname "$1")"; cp -L "$1" ".$1"; }
      for program in /usr/bin/bash /usr/bin/cat /usr/bin/ls "$python"; do
        copy "$program"
        ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
          mkdir -p "./usr$(dirname "$library")"; cp -L "$library" "./usr$library"
        done
      done
      ln -s "$(basename "$python")" usr/bin/python3
      mkdir -p "usr/lib/$(basename "$python")"
      cp -r "/usr/lib/$(basename "$python")/." "usr/lib/$(basename "$python")/"
      for library in /lib/*/libffi.so.* /lib/*/libcrypto.so.3 /lib/*/libz.so.1; do
        [ -e "$library" ] && cp -L "$library" "./usr$library" || true
      done
      echo 'x:x:7:7::/:/bin/sh' > etc/passwd; echo mine > etc/motd; echo mine > data/own
      chmod -R a+rX .
      """;

  @ParameterizedTest
  @EnumSource
  void seesItsOwnFilesAndNothingOfTheHosts(Walls walls) throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/usr/lib64")), "needs a host with /usr/lib64");
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      Path rootfs = Files.createDirectories(fixture.root.resolve("rootfs"));
      Process copying =
          new ProcessBuilder("bash", "-c", COPY, "bash", rootfs.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(copying.getInputStream().readAllBytes(), UTF_8);
      assertThat(copying.waitFor()).as(said).isZero();
      Image image =
          new Image(
              new ImageDescription("own", "0", List.of(), List.of()),
              Image.Kind.ROOTFS,
              rootfs,
              "/usr/bin/python3",
              "");
      try (Sandbox sandbox =
          fixture.sandboxes.start(ContainerId.next(), image, SandboxFixture.LIMITS)) {
        assertThat(
                SandboxFixture.python(sandbox, "print(open('/data/own').read())").stdout().text())
            .isEqualTo("mine\n\n");
        CellRun run = SandboxFixture.bash(sandbox, "ls /usr/bin; cat /etc/motd; ls /");
        assertThat(run.stderr().text()).isEmpty();
        assertThat(run.stdout().text())
            .startsWith("bash\ncat\nls\n")
            .contains("mine\n", "files\n", "home\n", "tmp\n")
            .doesNotContain("root\n");
        assertThat(
                SandboxFixture.python(
                        sandbox, "import pwd, os; print(pwd.getpwuid(os.getuid()).pw_name)")
                    .stdout()
                    .text())
            .isEqualTo("user\n");
        assertThat(SandboxFixture.bash(sandbox, "echo x > /data/own").stderr().text())
            .contains("Read-only file system");
      }
    }
  }
}
