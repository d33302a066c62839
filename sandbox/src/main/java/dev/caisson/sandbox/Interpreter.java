package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The host's Python that image layers are made for and that cells run.
 *
 * @param python absolute path by which it is called, here and inside a sandbox
 * @param facts what it says of itself
 */
record Interpreter(Path python, Facts facts) {
  /**
   * One named interpreter and never the one on the PATH: that may be a version manager's shim,
   * which takes ten times as long to start and picks a Python that the sandbox does not have.
   */
  static final Path HOST = Path.of("/usr/bin/python3");

  private static final int PROBE_SECONDS = 30;

  /**
   * @param version such as 3.11.2
   * @param abi such as cpython-311-x86_64-linux-gnu
   * @param executable the file behind the links
   * @param sites directories that it imports installed packages from, in order
   */
  record Facts(String version, String abi, String executable, List<String> sites) {
    Facts {
      sites = List.copyOf(sites);
    }
  }

  /**
   * Asks it.
   *
   * @throws CaissonException.HostUnfit when it does not run
   */
  static Interpreter probe(Path python) throws InterruptedException {
    if (!Files.isExecutable(python)) {
      throw new CaissonException.HostUnfit(
          "no Python at " + python + "; on Debian: apt-get install python3");
    }
    try {
      Process process =
          new ProcessBuilder(python.toString(), "-I", "-c", Resources.text("interpreter_facts.py"))
              .redirectErrorStream(true)
              .start();
      try {
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
          throw new CaissonException.HostUnfit(python + " does not run: " + output.strip());
        }
        return new Interpreter(python, JsonMapper.shared().readValue(output, Facts.class));
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException | JacksonException e) {
      throw new CaissonException.HostUnfit(python + " cannot be asked what it is", e);
    }
  }

  /**
   * Where a layer goes inside the sandbox: the first directory under {@code /usr/local}, which is
   * the administrator's own and hidden in a sandbox; a Python without one has its first taken.
   */
  String siteDirectory() {
    return facts.sites().stream()
        .filter(site -> site.startsWith("/usr/local/"))
        .findFirst()
        .or(() -> facts.sites().stream().findFirst())
        .orElseThrow(
            () -> new CaissonException.HostUnfit(python + " names no directory for packages"));
  }

  /** The directories of packages that stay visible in a sandbox. */
  List<Path> hostSites() {
    return facts.sites().stream()
        .filter(site -> !site.startsWith("/usr/local/"))
        .map(Path::of)
        .toList();
  }
}
