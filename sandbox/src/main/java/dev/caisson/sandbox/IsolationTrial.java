package dev.caisson.sandbox;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OutputListener;
import dev.caisson.sandbox.IsolationReport.Wall;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Opens a sandbox of its own and tries each wall from inside. */
final class IsolationTrial {
  private static final Limits SMALL =
      Limits.DEFAULT
          .withCellLimit(Duration.ofSeconds(20))
          .withMemory(ByteSize.ofMebibytes(64))
          .withProcesses(32)
          .withDisk(ByteSize.ofMebibytes(16));

  private static final String REPORT_IT =
      "this is not supposed to happen; please report it with the kernel's version";

  /** Takes twice the sandbox's memory, in a way that the allocator cannot promise and not give. */
  private static final String TAKE_MEMORY =
      """
      import mmap
      taken = [mmap.mmap(-1, 1 << 24) for _ in range(8)]
      for part in taken:
          for page in range(0, 1 << 24, 4096):
              part[page] = 1
      print('took it')
      """;

  private static final String TAKE_PROCESSES =
      """
      import os, signal
      count = 0
      try:
          while count < 200:
              if os.fork() == 0:
                  signal.pause()
              count += 1
          print('none')
      except OSError:
          print(count)
      """;

  /** In several files: the size of one alone is limited everywhere. */
  private static final String TAKE_DISK =
      """
      import errno, os
      taken = 0
      try:
          for number in range(8):
              with open('/tmp/fill%d' % number, 'wb', buffering=0) as file:
                  for _ in range(8):
                      taken += file.write(bytes(1 << 20))
                  os.fsync(file.fileno())
          print('took', taken)
      except OSError as problem:
          print('refused' if problem.errno == errno.ENOSPC else problem)
      """;

  private final LocalSandboxes sandboxes;
  private final KeeperClient keeper;
  private final List<Wall> walls = new ArrayList<>();

  IsolationTrial(LocalSandboxes sandboxes, KeeperClient keeper) {
    this.sandboxes = sandboxes;
    this.keeper = keeper;
  }

  IsolationReport report() {
    ContainerId container = ContainerId.next();
    try {
      JsonNode host = keeper.host();
      try (Sandbox sandbox = sandboxes.start(container, host(), SMALL)) {
        walls.add(new Wall("sandbox", true, true, "opened one " + way(host), ""));
        tryFromInside(sandbox, host);
        tryMemory(sandbox, host);
        tryProcesses(sandbox);
        addCpu(host);
        tryDisk(sandbox, host);
      } finally {
        sandboxes.delete(container);
      }
    } catch (CaissonException.HostUnfit e) {
      walls.add(
          new Wall(
              "sandbox",
              true,
              false,
              e.getMessage(),
              "bubblewrap and user namespaces must be usable: apt-get install bubblewrap, and"
                  + " check /proc/sys/user/max_user_namespaces,"
                  + " /proc/sys/kernel/unprivileged_userns_clone and"
                  + " /proc/sys/kernel/apparmor_restrict_unprivileged_userns"));
    }
    return new IsolationReport(walls);
  }

  /** The host's own Python, so that the walls can be tried before any image is built. */
  private static Image host() {
    return new Image(
        new ImageDescription("host", "", List.of(), List.of()),
        Image.Kind.LAYER,
        Path.of("/"),
        Interpreter.HOST.toString(),
        "");
  }

  private static String way(JsonNode host) {
    return host.path("separate").asBoolean()
        ? "as root, with user ids of its own for each container"
        : "without root, in a user namespace";
  }

  private void tryFromInside(Sandbox sandbox, JsonNode host) {
    Map<String, String> environment =
        Map.of(
            "CAISSON_TRIAL_ROOTLESS",
            host.path("separate").asBoolean() ? "" : "1",
            "CAISSON_TRIAL_SOCKET",
            keeper.socket("keeper.sock").toString());
    CellRun run = run(sandbox, Resources.text("isolation_trial.py"), environment);
    List<String> lines = run.stdout().text().lines().toList();
    for (String line : lines) {
      String[] parts = line.split("\t", 3);
      if (parts.length == 3) {
        boolean holds = parts[1].equals("holds");
        walls.add(new Wall(parts[0], true, holds, parts[2], holds ? "" : REPORT_IT));
      }
    }
    if (!run.outcome().equals(new CellOutcome.Completed(0)) || lines.isEmpty()) {
      walls.add(
          new Wall("trial", true, false, "the trial did not finish: " + run.stderr(), REPORT_IT));
    }
  }

  private void tryMemory(Sandbox sandbox, JsonNode host) {
    CellRun run = run(sandbox, TAKE_MEMORY, Map.of());
    boolean holds =
        run.outcome() instanceof CellOutcome.Killed killed
            && killed.reason().equals("out_of_memory");
    walls.add(
        new Wall(
            "memory-limit",
            false,
            holds,
            holds
                ? "cgroup v" + host.path("cgroups").asInt() + " ended a cell over " + SMALL.memory()
                : "no cgroup ("
                    + host.path("cgroups_missing").asString()
                    + "); "
                    + (run.stdout().text().isEmpty()
                        ? "each process by itself is held below the limit"
                        : "nothing holds it"),
            holds ? "" : cgroupRemedy()));
  }

  private void tryProcesses(Sandbox sandbox) {
    String count = run(sandbox, TAKE_PROCESSES, Map.of()).stdout().text().strip();
    boolean holds = !count.isEmpty() && !count.equals("none");
    walls.add(
        new Wall(
            "process-limit",
            false,
            holds,
            holds
                ? "a cell could start " + count + " of " + SMALL.processes() + " processes"
                : "nothing held a cell that started 200",
            holds ? "" : cgroupRemedy()));
  }

  private void addCpu(JsonNode host) {
    int version = host.path("cgroups").asInt();
    walls.add(
        new Wall(
            "cpu-limit",
            false,
            version > 0,
            version > 0
                ? "the keeper set a quota in a cgroup v" + version
                : "no cgroup (" + host.path("cgroups_missing").asString() + ")",
            version > 0 ? "" : cgroupRemedy()));
  }

  private void tryDisk(Sandbox sandbox, JsonNode host) {
    boolean stands = sandbox.diskBounded() && fills(sandbox);
    walls.add(
        new Wall(
            "disk-limit",
            keeper.wanted() == DiskWall.LOOP,
            stands,
            stands
                ? "the kernel refused what a cell wrote over "
                    + SMALL.disk()
                    + ", in a file system"
                    + " of the container's own"
                : "no wall of the kernel's ("
                    + host.path("disk_missing").asString()
                    + "); workspaces are measured while cells run, and what passes the limit is"
                    + " ended",
            stands ? "" : "keep the data directory on a file system of its own"));
  }

  private static boolean fills(Sandbox sandbox) {
    return run(sandbox, TAKE_DISK, Map.of()).stdout().text().strip().equals("refused");
  }

  private static String cgroupRemedy() {
    return "run as root, or in a delegated cgroup: systemd-run --user --scope -p Delegate=yes";
  }

  private static CellRun run(Sandbox sandbox, String code, Map<String, String> environment) {
    CellProgram program =
        new CellProgram(
            Language.PYTHON,
            code,
            InterpreterMode.FRESH,
            SMALL.cellLimit(),
            environment,
            "/files/output/0000000000000000");
    return sandbox.run(program, OutputListener.NONE);
  }
}
