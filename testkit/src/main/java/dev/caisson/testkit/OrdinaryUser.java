package dev.caisson.testkit;

import static java.util.Objects.requireNonNull;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runs a Java program as a user without rights, also where the tests run as root. */
final class OrdinaryUser {
  private static final int NOBODY = 65534;

  private OrdinaryUser() {}

  static boolean isRoot() {
    return System.getProperty("user.name", "").equals("root");
  }

  /** What goes before a command. */
  static List<String> prefix() {
    return isRoot()
        ? List.of(
            "setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--no-new-privs")
        : List.of();
  }

  /** Gives a tree to the user. */
  static void give(Path tree) throws IOException {
    if (isRoot()) {
      try (Stream<Path> paths = Files.walk(tree)) {
        for (Path path : paths.toList()) {
          Files.setAttribute(path, "unix:uid", NOBODY, java.nio.file.LinkOption.NOFOLLOW_LINKS);
          Files.setAttribute(path, "unix:gid", NOBODY, java.nio.file.LinkOption.NOFOLLOW_LINKS);
        }
      }
    }
  }

  /** The class path as that user can read it: copied, where root's own home is closed to others. */
  static String classPath(String original, Path directory) throws IOException {
    if (!isRoot()) {
      return original;
    }
    Files.createDirectories(directory);
    List<String> copies = new ArrayList<>();
    for (String entry : original.split(File.pathSeparator, -1)) {
      Path source = Path.of(entry);
      Path copy = directory.resolve(copies.size() + "-" + requireNonNull(source.getFileName()));
      if (entry.endsWith("*")) {
        copies.add(entry); // a folder of jars that the launcher made; not in a closed home
      } else if (Files.isDirectory(source)) {
        copyTree(source, copy);
        copies.add(copy.toString());
      } else if (Files.isRegularFile(source)) {
        Files.copy(source, copy);
        copies.add(copy.toString());
      }
    }
    return String.join(File.pathSeparator, copies);
  }

  private static void copyTree(Path source, Path target) throws IOException {
    try (Stream<Path> paths = Files.walk(source)) {
      for (Path path : paths.toList()) {
        Path copy = target.resolve(source.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    }
  }
}
