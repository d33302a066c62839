package dev.caisson.testkit;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A root file system of Debian's own packages. */
final class DebianRoot {
  private DebianRoot() {}

  /** Makes one in the directory; skips the test where the packages cannot be had. */
  static Path make(Path directory) throws IOException, InterruptedException {
    for (String program : new String[] {"apt-get", "dpkg-deb"}) {
      assumeThat(Path.of("/usr/bin", program)).as("Debian's " + program).isExecutable();
    }
    Files.createDirectory(directory);
    Process process =
        new ProcessBuilder("/bin/bash", "-c", script(), "debian-root", directory.toString())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assumeThat(process.waitFor())
        .as("making a root file system of Debian's packages: " + output)
        .isZero();
    return directory;
  }

  private static String script() throws IOException {
    try (InputStream script = DebianRoot.class.getResourceAsStream("debian-root.sh")) {
      if (script == null) {
        throw new IOException("debian-root.sh is missing");
      }
      return new String(script.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
