package dev.caisson.sandbox;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** The two ways to build a sandbox, so that each promise is tested both ways. */
enum Walls {
  /** By root, with ids of its own for each container. */
  ROOT,
  /** By an ordinary user, in a user namespace. */
  ROOTLESS;

  private static final int NOBODY = 65534;

  private static boolean testsAreRoot() {
    return System.getProperty("user.name", "").equals("root");
  }

  List<String> keeperPrefix() {
    if (this == ROOT) {
      assumeTrue(testsAreRoot(), "needs root to build sandboxes with ids of their own");
      return List.of();
    }
    return testsAreRoot()
        ? List.of(
            "setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--no-new-privs")
        : List.of();
  }

  /** Gives the directories to the user who runs the keeper; root's own are closed to all others. */
  void prepare(List<Path> directories) throws IOException {
    for (Path directory : directories) {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      if (this == ROOTLESS && testsAreRoot()) {
        Files.setAttribute(directory, "unix:uid", NOBODY);
        Files.setAttribute(directory, "unix:gid", NOBODY);
      }
    }
  }
}
