package dev.caisson.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The processes of this machine, as its owner sees them. */
final class HostProcesses {
  private HostProcesses() {}

  /**
   * Pids of those in a pid namespace that still run; one that has ended and waits for its parent
   * does nothing any more.
   *
   * @param namespace as {@code readlink /proc/self/ns/pid} prints it
   */
  static List<Long> of(String namespace) {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.map(ProcessHandle::pid)
          .filter(pid -> namespace.equals(namespace(pid)))
          .filter(HostProcesses::runs)
          .toList();
    }
  }

  private static boolean runs(long pid) {
    try {
      String status = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return "ZX".indexOf(status.charAt(status.lastIndexOf(')') + 2)) < 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String namespace(long pid) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/pid")).toString();
    } catch (IOException | SecurityException e) {
      return ""; // has ended, or is not ours to look at
    }
  }
}
