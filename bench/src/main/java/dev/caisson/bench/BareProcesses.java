package dev.caisson.bench;

import java.io.IOException;
import java.util.List;

/** The operations that everything else is compared with, without any of our code. */
final class BareProcesses {
  static final String PYTHON = "bare_python";
  static final String BASH = "bare_bash";

  private BareProcesses() {}

  static List<Operation> operations() {
    return List.of(
        Operation.bare(
            PYTHON,
            "python3 -c 'print(1)', to its first output",
            () -> firstOutput("/usr/bin/python3", "-c", "print(1)")),
        Operation.bare(
            BASH,
            "bash -c 'echo 1', to its first output",
            () -> firstOutput("/bin/bash", "-c", "echo 1")));
  }

  /** From before the start of the process to its first byte. */
  private static long firstOutput(String... command) throws IOException, InterruptedException {
    long start = System.nanoTime();
    Process process = new ProcessBuilder(command).start();
    int first = process.getInputStream().read();
    long nanos = System.nanoTime() - start;
    int exit = process.waitFor();
    if (first != '1' || exit != 0) {
      throw new IOException(command[0] + " gave exit code " + exit);
    }
    return nanos;
  }
}
