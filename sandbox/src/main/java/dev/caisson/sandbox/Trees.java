package dev.caisson.sandbox;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whole directory trees that we made ourselves. Links are never followed. Not for workspaces, where
 * hostile code could swap a directory for a link between two steps.
 */
final class Trees {
  private static final Set<PosixFilePermission> DIRECTORY =
      PosixFilePermissions.fromString("r-xr-xr-x");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("r--r--r--");

  private Trees() {}

  /** Makes a directory that every user can enter, whatever the umask. */
  static Path make(Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    return directory;
  }

  /** Lets every user read it; the sandbox's users are not the one who built it. */
  static void makeReadable(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            allow(directory, DIRECTORY);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile()) {
              allow(file, FILE);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Deletes it; nothing happens when it does not exist or somebody else deletes it too. */
  static void delete(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            return skipMissing(failure);
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              return skipMissing(failure);
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static FileVisitResult skipMissing(IOException failure) throws IOException {
    if (failure instanceof NoSuchFileException) {
      return FileVisitResult.CONTINUE;
    }
    throw failure;
  }

  private static void allow(Path path, Set<PosixFilePermission> wanted) throws IOException {
    Set<PosixFilePermission> present = Files.getPosixFilePermissions(path);
    if (!present.containsAll(wanted)) {
      Set<PosixFilePermission> both = EnumSet.copyOf(wanted);
      both.addAll(present);
      Files.setPosixFilePermissions(path, both);
    }
  }
}
