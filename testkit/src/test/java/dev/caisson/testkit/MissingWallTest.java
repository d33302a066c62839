package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.cli.Main;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * A host whose bubblewrap shares the network without a word: in the mount namespace of the commands
 * here, {@code /usr/bin/bwrap} is one that drops the option.
 */
@Tag("root")
@Tag("slow")
class MissingWallTest {
  /** The exit code of a host that cannot do it. */
  private static final int HOST_UNFIT = 3;

  private static final String SHIM =
      """
      #!/usr/bin/python3 -I
      import os, sys
      fd = int(sys.argv[sys.argv.index("--args") + 1])
      with open(fd, "rb", closefd=False) as file:
          kept = file.read().replace(b"--unshare-net\\0", b"")
      os.ftruncate(fd, 0)
      os.pwrite(fd, kept, 0)
      os.lseek(fd, 0, os.SEEK_SET)
      os.execv("REAL", ["bwrap"] + sys.argv[1:])
      """;

  private Path directory = Path.of("");

  @BeforeEach
  void makeTheHost() throws IOException {
    assumeTrue(OrdinaryUser.isRoot(), "needs root to put another bubblewrap in its place");
    directory = Files.createTempDirectory(Path.of("/tmp"), "caisson-wall");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    RunningCaisson.makeImage(directory);
    Path real = directory.resolve("bwrap");
    Files.copy(Path.of("/usr/bin/bwrap"), real);
    Path shim = Files.writeString(directory.resolve("shim"), SHIM.replace("REAL", real.toString()));
    for (Path program : List.of(real, shim)) {
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  @AfterEach
  void remove() throws IOException {
    if (Files.exists(directory.resolve("shim"))) {
      Trees.delete(directory);
    }
  }

  @Test
  void serveRefusesToStartUnlessItIsToldWhichWallToDoWithout() throws Exception {
    Process refused = start("serve", "--port", "0");
    String said = said(refused);
    assertThat(refused.waitFor()).as(said).isEqualTo(HOST_UNFIT);
    assertThat(said)
        .contains("wall network does not stand")
        .contains("--accept-weaker-isolation network");

    Process other = start("serve", "--port", "0", "--accept-weaker-isolation", "processes");
    assertThat(said(other)).contains("wall network does not stand");
    assertThat(other.waitFor()).isEqualTo(HOST_UNFIT);

    Process doctor = start("doctor", "--json");
    JsonNode report = Json.parse(doctor.getInputStream().readAllBytes(), "report");
    assertThat(doctor.waitFor()).isEqualTo(HOST_UNFIT);
    assertThat(report.path("level").asString()).isEqualTo("unfit");

    Process accepted = start("serve", "--port", "0", "--accept-weaker-isolation", "network");
    assertThat(accepted.inputReader(StandardCharsets.UTF_8).readLine()).contains("BASE_URL=");
    accepted.destroy();
    assertThat(accepted.waitFor(60, TimeUnit.SECONDS)).isTrue();
  }

  private static String said(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    String mount = "mount --bind \"$0\" /usr/bin/bwrap && exec \"$@\"";
    command.addAll(List.of("unshare", "--mount", "--propagation", "private", "sh", "-c"));
    command.addAll(List.of(mount, directory.resolve("shim").toString()));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.addAll(List.of(Main.class.getName(), "--data", directory.resolve("data").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CAISSON_IMAGES", directory.resolve("images").toString());
    return builder.start();
  }
}
