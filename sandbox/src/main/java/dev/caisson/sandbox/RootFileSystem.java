package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks whether an unpacked root file system can be an image. */
final class RootFileSystem {
  private static final int OLDEST_MINOR = 9;

  /** More links than any honest path has; what Linux itself allows. */
  private static final int LINKS = 40;

  private static final List<String> INTERPRETERS =
      List.of("/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3");
  private static final Pattern VERSIONED = Pattern.compile("python3\\.(\\d+)");

  private RootFileSystem() {}

  static ImageDirectory.Manifest check(Path given) throws IOException, InterruptedException {
    if (!Files.isDirectory(given)) {
      throw refused(given, "it is no directory");
    }
    Path root = given.toRealPath();
    Optional<Path> bash = resolve(root, "/bin/bash").filter(Files::isExecutable);
    if (bash.isEmpty()) {
      throw refused(given, "it has no /bin/bash");
    }
    String python =
        INTERPRETERS.stream()
            .filter(path -> resolve(root, path).filter(Files::isExecutable).isPresent())
            .findFirst()
            .orElseThrow(() ->
                refused(given, "it has no Python: none of " + String.join(", ", INTERPRETERS)));
    int minor =
        minor(root, python)
            .orElseThrow(() -> refused(given, "the version of its " + python + " is not known"));
    if (minor < OLDEST_MINOR) {
      throw refused(
          given, "its Python is 3." + minor + ", older than 3." + OLDEST_MINOR + ": " + python);
    }
    RootFileSystemTrial.run(root, python)
        .ifPresent(failure -> {
          throw refused(given, failure);
        });
    return new ImageDirectory.Manifest(
        digest(root, python),
        Image.Kind.ROOTFS,
        root.toString(),
        python,
        "",
        "",
        List.of("python==3." + minor),
        List.of());
  }

  private static CaissonException.InvalidRequest refused(Path given, String reason) {
    return new CaissonException.InvalidRequest(
        "image directory " + given + " cannot be used: " + reason);
  }

  /** Follows links as they are meant inside: an absolute one starts at the root given. */
  static Optional<Path> resolve(Path root, String path) {
    List<String> rest = new ArrayList<>(List.of(path.split("/+")));
    Path at = root;
    int links = 0;
    while (!rest.isEmpty()) {
      String name = rest.removeFirst();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        Path parent = at.getParent();
        at = at.equals(root) || parent == null ? root : parent;
        continue;
      }
      Path next = at.resolve(name);
      if (!Files.isSymbolicLink(next)) {
        at = next;
        continue;
      }
      if (++links > LINKS) {
        return Optional.empty();
      }
      try {
        String target = Files.readSymbolicLink(next).toString();
        at = target.startsWith("/") ? root : at;
        rest.addAll(0, List.of(target.split("/+")));
      } catch (IOException e) {
        return Optional.empty();
      }
    }
    return Files.exists(at, LinkOption.NOFOLLOW_LINKS) ? Optional.of(at) : Optional.empty();
  }

  /** Read from file names, so that nothing of it has to run to be refused. */
  private static Optional<Integer> minor(Path root, String python) throws IOException {
    Optional<Integer> named =
        resolve(root, python).flatMap(file -> minor(file.getFileName().toString()));
    if (named.isPresent()) {
      return named;
    }
    String prefix = python.startsWith("/usr/local/") ? "/usr/local/lib" : "/usr/lib";
    Optional<Path> libraries = resolve(root, prefix);
    Optional<Integer> newest = Optional.empty();
    if (libraries.isPresent()) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(libraries.get(), "python3.*")) {
        for (Path entry : entries) {
          Optional<Integer> found = minor(entry.getFileName().toString());
          if (found.isPresent() && newest.map(old -> found.get() > old).orElse(true)) {
            newest = found;
          }
        }
      }
    }
    return newest;
  }

  private static Optional<Integer> minor(String name) {
    Matcher matcher = VERSIONED.matcher(name);
    return matcher.matches() ? Optional.of(Integer.valueOf(matcher.group(1))) : Optional.empty();
  }

  /** Names, sizes and times: reading gigabytes at each start would cost more than it is worth. */
  private static String digest(Path root, String python) throws IOException {
    List<String> entries = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String target =
                attributes.isSymbolicLink() ? Files.readSymbolicLink(file).toString() : "";
            entries.add(
                root.relativize(file)
                    + "\0"
                    + attributes.size()
                    + "\0"
                    + attributes.lastModifiedTime().toMillis()
                    + "\0"
                    + target);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure) {
            return FileVisitResult.CONTINUE;
          }
        });
    entries.sort(null);
    return new Digest().add("rootfs").add(root.toString()).add(python).add(entries).hex();
  }
}
