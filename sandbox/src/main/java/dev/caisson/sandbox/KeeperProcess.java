package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Starts a keeper. The process that Java sees ends as soon as the keeper proper, a daemon, takes
 * commands: nothing that lives on is a child of this JVM.
 */
final class KeeperProcess {
  private static final Path BUBBLEWRAP = Path.of("/usr/bin/bwrap");
  private static final Duration READY = Duration.ofSeconds(20);

  /** The sources lie below the data directory; isolated mode (-I) does not look there by itself. */
  private static final String MAIN =
      "import sys;sys.path.insert(0,sys.argv[2]);from keeper import main;main.main(sys.argv[1:])";

  private final SandboxSettings settings;
  private final KeeperSources sources;

  KeeperProcess(SandboxSettings settings, KeeperSources sources) {
    this.settings = settings;
    this.sources = sources;
  }

  /** Where the keeper writes what nobody asked for. */
  Path log() {
    return run().resolve("keeper.log");
  }

  private Path run() {
    return settings.data().resolve("run");
  }

  /** Returns when a keeper is there, this one or another. */
  void start() {
    requireHost();
    try {
      List<String> command = new ArrayList<>(settings.keeperPrefix());
      command.addAll(List.of(Interpreter.HOST.toString(), "-I", "-c", MAIN));
      command.add(settings.data().toString());
      command.add(sources.unpack(run()).toString());
      command.add(sources.version());
      command.add(String.valueOf(settings.orphan().toMillis() / 1000.0));
      command.add(settings.diskWall().word());
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(READY.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new CaissonException.HostUnfit("the keeper is not ready after " + READY);
      }
      if (process.exitValue() != 0) {
        throw new CaissonException.HostUnfit("the keeper cannot start: " + said.strip());
      }
    } catch (IOException e) {
      throw new CaissonException.HostUnfit("the keeper cannot be started: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CaissonException.Internal("interrupted while the keeper started", e);
    }
  }

  /** Names what is missing before anything fails in a stranger way. */
  static void requireHost() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      throw new CaissonException.HostUnfit("sandboxes need Linux namespaces; this is no Linux");
    }
    if (!Files.isExecutable(BUBBLEWRAP)) {
      throw new CaissonException.HostUnfit(
          "bubblewrap is missing (" + BUBBLEWRAP + "); on Debian: apt-get install bubblewrap");
    }
    if (!Files.isExecutable(Interpreter.HOST)) {
      throw new CaissonException.HostUnfit(
          "Python is missing (" + Interpreter.HOST + "); on Debian: apt-get install python3");
    }
  }
}
