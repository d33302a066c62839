package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.KernelLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The files under {@code $CAISSON_IMAGES}:
 *
 * <pre>
 * DIGEST/image.json   what the image is; written last, so a directory that has it is whole
 * DIGEST/site/        of a layer: its packages
 * names/NAME          the digest that the name stands for, and on a second line who chose it
 * attempts/DIGEST     an attempt that did not give the image of that digest, and what stands in
 * locks/DIGEST        held while the image of that digest is built
 * .building-DIGEST-*  a build that goes on, or the remains of one that was killed
 * </pre>
 *
 * What cannot be read counts as absent: an image can always be built again.
 */
final class ImageDirectory {
  private static final System.Logger LOG = System.getLogger(ImageDirectory.class.getName());
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final String BUILDING = ".building-";
  private static final String MANIFEST = "image.json";
  private static final String SITE = "site";
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Path root;

  private ImageDirectory(Path root) {
    this.root = root;
  }

  /**
   * What {@code image.json} says.
   *
   * @param directory of a root file system; empty for a layer
   * @param executable the file behind the host's interpreter that a layer was made for; empty for a
   *     root file system
   */
  record Manifest(
      String digest,
      Image.Kind kind,
      String directory,
      String python,
      String executable,
      String siteDirectory,
      List<String> packages,
      List<String> missing) {
    /** What is read from a file may lack anything; nothing of it is needed less than the rest. */
    Manifest {
      Objects.requireNonNull(digest);
      Objects.requireNonNull(kind);
      Objects.requireNonNull(directory);
      Objects.requireNonNull(python);
      Objects.requireNonNull(executable);
      Objects.requireNonNull(siteDirectory);
      packages = List.copyOf(packages);
      missing = List.copyOf(missing);
    }

    /** Whether the host still has the interpreter that the layer was made for. */
    boolean fits() {
      try {
        return kind == Image.Kind.ROOTFS
            || Path.of(python).toRealPath().equals(Path.of(executable));
      } catch (IOException e) {
        return false;
      }
    }
  }

  /** Who decided what a name stands for. */
  enum Choice {
    /** We did, because an image was needed; we may do otherwise later. */
    OURS,
    /** The operator did; nothing but the operator changes it. */
    OPERATORS
  }

  /**
   * An attempt that did not give what was asked for.
   *
   * @param standIn digest of the image that was made instead
   * @param host fingerprint of the host's own packages then
   */
  record Attempt(String standIn, String host, long atMillis, long retryAtMillis) {
    Attempt {
      Objects.requireNonNull(standIn);
      Objects.requireNonNull(host);
    }

    boolean holds(Instant now, String hostNow) {
      // One from the future is from before the clock was set back: it holds no longer.
      return host.equals(hostNow)
          && now.toEpochMilli() < retryAtMillis
          && now.toEpochMilli() >= atMillis;
    }
  }

  static ImageDirectory open(Path root) {
    try {
      for (Path directory :
          List.of(root, root.resolve("names"), root.resolve("locks"), root.resolve("attempts"))) {
        Trees.make(directory);
      }
      return new ImageDirectory(root.toRealPath());
    } catch (IOException e) {
      throw new CaissonException.HostUnfit("images directory " + root + " cannot be made", e);
    }
  }

  /** The image of that digest, if it is here and whole. */
  Optional<Manifest> manifest(String digest) {
    if (!DIGEST.matcher(digest).matches()) {
      return Optional.empty();
    }
    Path directory = root.resolve(digest);
    return json(directory.resolve(MANIFEST), Manifest.class)
        .filter(manifest -> manifest.digest().equals(digest))
        .filter(manifest ->
            Files.isDirectory(
                manifest.kind() == Image.Kind.LAYER
                    ? directory.resolve(SITE)
                    : Path.of(manifest.directory())));
  }

  /** The image that a name stands for, if it is of use on this host as it is now. */
  Optional<Image> named(String name) {
    return standing(name).map(manifest -> image(name, manifest));
  }

  /** What the operator let the name stand for. */
  Optional<Manifest> chosen(String name) {
    return line(name, 1).filter(Choice.OPERATORS.name()::equals).flatMap(_ -> standing(name));
  }

  private Optional<Manifest> standing(String name) {
    return line(name, 0).flatMap(this::manifest).filter(Manifest::fits);
  }

  private Optional<String> line(String name, int number) {
    return ImageName.fits(name)
        ? text(root.resolve("names").resolve(name))
            .flatMap(text -> text.lines().skip(number).findFirst())
            .map(String::strip)
        : Optional.empty();
  }

  /** All names, sorted, whether or not an image stands behind them. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve("names"))) {
      for (Path entry : entries) {
        names.add(entry.getFileName().toString());
      }
    } catch (IOException e) {
      throw new CaissonException.Internal("images in " + root + " cannot be listed", e);
    }
    return names.stream().filter(ImageName::fits).sorted().toList();
  }

  /** Lets the name stand for the image from now on. */
  Image name(String name, Manifest manifest, Choice choice) throws IOException {
    String content = manifest.digest() + "\n" + choice + "\n";
    Path file = root.resolve("names").resolve(name);
    if (!text(file).equals(Optional.of(content))) {
      replace(file, content);
    }
    return image(name, manifest);
  }

  /**
   * Forgets the name, and deletes the image when no other name stands for it.
   *
   * @return whether there was such a name
   */
  boolean remove(String name) throws IOException {
    Path file = root.resolve("names").resolve(name);
    Optional<String> digest = line(name, 0);
    boolean existed = Files.deleteIfExists(file);
    if (digest.isPresent() && DIGEST.matcher(digest.get()).matches()) {
      boolean used = names().stream().anyMatch(other -> line(other, 0).equals(digest));
      if (!used) {
        Optional<KernelLock> lock = KernelLock.tryLock(root.resolve("locks").resolve(digest.get()));
        if (lock.isPresent()) {
          try (KernelLock _ = lock.get()) {
            discard(digest.get());
          }
        }
      }
    }
    return existed;
  }

  /** A lock on builds of that digest. */
  KernelLock lock(String digest, Runnable waiting) throws InterruptedException {
    return KernelLock.lock(root.resolve("locks").resolve(digest), Optional.empty(), waiting)
        .orElseThrow(); // without a limit to its patience it comes back with the lock
  }

  /** An empty directory to build the image in; the caller holds the lock. */
  Path scratch(String digest) throws IOException {
    return Trees.make(root.resolve(BUILDING + digest + "-" + UUID.randomUUID()));
  }

  /** Where a layer's packages go in a scratch directory. */
  static Path site(Path scratch) {
    return scratch.resolve(SITE);
  }

  /**
   * Makes a finished scratch directory the image of the manifest's digest. The manifest reaches the
   * disk before the directory gets its name.
   */
  void publish(Path scratch, Manifest manifest) throws IOException {
    write(
        scratch.resolve(MANIFEST),
        JSON.writerWithDefaultPrettyPrinter().writeValueAsString(manifest) + "\n");
    sync(scratch);
    discard(manifest.digest());
    Files.move(scratch, root.resolve(manifest.digest()), StandardCopyOption.ATOMIC_MOVE);
    sync(root);
  }

  /** Gives a root file system, which stays where it is, a name after its digest. */
  Image register(Manifest manifest) throws IOException {
    String name = "rootfs-" + manifest.digest().substring(0, 12);
    if (manifest(manifest.digest()).isEmpty()) {
      Path scratch = scratch(manifest.digest());
      try {
        publish(scratch, manifest);
      } finally {
        Trees.delete(scratch);
      }
    }
    return name(name, manifest, Choice.OPERATORS);
  }

  Optional<Attempt> attempt(String digest) {
    return json(root.resolve("attempts").resolve(digest), Attempt.class);
  }

  void remember(String digest, Attempt attempt) throws IOException {
    replace(root.resolve("attempts").resolve(digest), JSON.writeValueAsString(attempt) + "\n");
  }

  void forget(String digest) throws IOException {
    Files.deleteIfExists(root.resolve("attempts").resolve(digest));
  }

  /**
   * Deletes what killed builds left behind; leaves alone what somebody still builds.
   *
   * @param held the digest whose lock the caller holds: nobody else builds that one
   */
  void sweep(String held) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, BUILDING + "*")) {
      for (Path entry : entries) {
        String rest = entry.getFileName().toString().substring(BUILDING.length());
        String digest = rest.substring(0, Math.min(64, rest.length()));
        if (!DIGEST.matcher(digest).matches()) {
          continue;
        }
        if (digest.equals(held)) {
          deleteUnlessInUse(entry);
          continue;
        }
        Optional<KernelLock> lock = KernelLock.tryLock(root.resolve("locks").resolve(digest));
        if (lock.isPresent()) {
          try (KernelLock _ = lock.get()) {
            Trees.delete(entry);
          }
        }
      }
    }
  }

  /** Of a build that was killed just now something may still write; that takes it away itself. */
  private static void deleteUnlessInUse(Path entry) throws IOException {
    try {
      Trees.delete(entry);
    } catch (DirectoryNotEmptyException e) {
      LOG.log(System.Logger.Level.DEBUG, "still in use: " + entry, e);
    }
  }

  private Image image(String name, Manifest manifest) {
    return new Image(
        new ImageDescription(name, manifest.digest(), manifest.packages(), manifest.missing()),
        manifest.kind(),
        manifest.kind() == Image.Kind.LAYER
            ? root.resolve(manifest.digest()).resolve(SITE)
            : Path.of(manifest.directory()),
        manifest.python(),
        manifest.siteDirectory());
  }

  /** Takes an image away in one step before deleting it file by file. */
  private void discard(String digest) throws IOException {
    Path directory = root.resolve(digest);
    if (Files.exists(directory)) {
      Path aside = root.resolve(BUILDING + digest + "-" + UUID.randomUUID());
      Files.move(directory, aside, StandardCopyOption.ATOMIC_MOVE);
      Trees.delete(aside);
    }
  }

  private <T> Optional<T> json(Path file, Class<T> type) {
    return text(file)
        .flatMap(text -> {
          try {
            return Optional.ofNullable(JSON.readValue(text, type));
          } catch (JacksonException e) {
            LOG.log(System.Logger.Level.WARNING, "image file is damaged file={0}", file);
            return Optional.empty();
          }
        });
  }

  private static Optional<String> text(Path file) {
    try {
      // Undecodable bytes become replacement characters, which no digest and no JSON has.
      return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static void replace(Path file, String text) throws IOException {
    Path temporary = file.resolveSibling("." + file.getFileName() + "-" + UUID.randomUUID());
    try {
      write(temporary, text);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void write(Path file, String text) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Trees.makeReadable(file);
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
