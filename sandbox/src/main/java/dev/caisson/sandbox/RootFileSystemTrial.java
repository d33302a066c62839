package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Runs bash and Python of a root file system once, behind walls. */
final class RootFileSystemTrial {
  private static final int SECONDS = 30;

  /** The sandbox brings its own. */
  private static final Set<String> OURS =
      Set.of("proc", "dev", "sys", "tmp", "run", "home", "root", "files", "mnt", "media", "boot");

  /** What the guest imports of the standard library; a minimal Python lacks some. */
  private static final String SCRIPT =
      "import sys, ctypes, json, select, selectors, signal, socket, struct, subprocess, threading;"
          + " print('caisson %d' % sys.version_info[1])";

  private RootFileSystemTrial() {}

  /** Why it does not run; empty when it does. */
  static Optional<String> run(Path root, String python) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
            "--clearenv",
            "--setenv",
            "PATH",
            "/usr/local/bin:/usr/bin:/bin"));
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (OURS.contains(name)) {
          continue;
        }
        if (Files.isSymbolicLink(entry)) {
          command.addAll(
              List.of("--symlink", Files.readSymbolicLink(entry).toString(), "/" + name));
        } else {
          command.addAll(List.of("--ro-bind", entry.toString(), "/" + name));
        }
      }
    }
    command.addAll(
        List.of(
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "--tmpfs",
            "/tmp",
            "--chdir",
            "/",
            "/bin/bash",
            "-c",
            "exec \"$0\" -I -c \"$1\"",
            python,
            SCRIPT));
    return judge(command);
  }

  /**
   * The walls fall with the thread that raised them (bwrap's --die-with-parent follows it), so it
   * is one of our own that waits.
   */
  private static Optional<String> judge(List<String> command) throws InterruptedException {
    AtomicReference<Optional<String>> verdict =
        new AtomicReference<>(Optional.of("bash and Python in it were not seen to run"));
    AtomicReference<Optional<IOException>> failure = new AtomicReference<>(Optional.empty());
    Thread thread =
        Thread.ofPlatform()
            .name("rootfs-trial")
            .daemon()
            .start(() -> {
              try {
                verdict.set(verdict(command));
              } catch (IOException e) {
                failure.set(Optional.of(e));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    try {
      thread.join();
    } finally {
      thread.interrupt();
    }
    failure
        .get()
        .ifPresent(e -> {
          throw new CaissonException.HostUnfit(
              "bubblewrap (bwrap) cannot be started; on Debian: apt-get install bubblewrap", e);
        });
    return verdict.get();
  }

  private static Optional<String> verdict(List<String> command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("caisson-trial", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      process.getOutputStream().close();
      boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
      String said = new String(Files.readAllBytes(output), StandardCharsets.UTF_8).strip();
      if (!ended) {
        return Optional.of("its bash and Python did not answer within " + SECONDS + " s");
      }
      return process.exitValue() == 0 && said.startsWith("caisson ")
          ? Optional.empty()
          : Optional.of("its bash and Python do not run: " + said);
    } finally {
      process.destroyForcibly();
      Files.deleteIfExists(output);
    }
  }
}
