package dev.caisson.store;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.KernelLock;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The directory that holds everything of one Caisson: which file stands where, and who may serve
 * it. Everything in it is closed to other users of the host. Safe for use from many threads.
 */
public final class DataDirectory {
  /**
   * How long a new server waits for the lock: whoever looks for a running server holds it for
   * microseconds, which must not be taken for a second server.
   */
  private static final Duration LOCK_PATIENCE = Duration.ofSeconds(1);

  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Path root;

  private DataDirectory(Path root) {
    this.root = root;
  }

  /** Opens a data directory, making what is missing; throws HostUnfit that names the path. */
  public static DataDirectory open(Path path) {
    Path wanted = path.toAbsolutePath().normalize();
    try {
      Files.createDirectories(wanted, PRIVATE_DIRECTORY);
      DataDirectory directory = new DataDirectory(wanted.toRealPath());
      directory.refuseUnfinished();
      Files.createDirectories(directory.run(), PRIVATE_DIRECTORY);
      Files.createDirectories(directory.blobs(), PRIVATE_DIRECTORY);
      return directory;
    } catch (IOException e) {
      throw new HostUnfit("data directory " + wanted + " cannot be used: " + reason(e), e);
    }
  }

  /** The server that runs on a data directory, which need not exist; empty when none does. */
  public static Optional<ServerAddress> runningServer(Path path) {
    return existing(path).flatMap(DataDirectory::runningServer);
  }

  /** The key in a data directory, which need not exist; empty when there is none. */
  public static Optional<String> readCredentials(Path path) {
    return existing(path).flatMap(DataDirectory::readCredentials);
  }

  private static Optional<DataDirectory> existing(Path path) {
    try {
      return Optional.of(new DataDirectory(path.toRealPath()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new HostUnfit("data directory " + path + " cannot be read: " + reason(e), e);
    }
  }

  public Path root() {
    return root;
  }

  /** What is left for us on the disk that it lies on. */
  public ByteSize freeSpace() {
    return new ByteSize(root.toFile().getUsableSpace());
  }

  /** The size of the disk that it lies on. */
  public ByteSize totalSpace() {
    return new ByteSize(root.toFile().getTotalSpace());
  }

  /** Sockets, owner locks, slots. */
  public Path run() {
    return root.resolve("run");
  }

  public Path blobs() {
    return root.resolve("blobs");
  }

  /** The runner's store. */
  public Path runs() {
    return root.resolve("runs");
  }

  public Path database() {
    return root.resolve("caisson.db");
  }

  /** Who deleted what, and what became of keys; 0600. */
  public AuditLog auditLog() {
    return new AuditLog(root.resolve("audit.log"));
  }

  /** Names the database server that holds the metadata in place of the file. */
  Path databaseMark() {
    return root.resolve("database");
  }

  void writeDatabaseMark(String text) {
    replace(databaseMark(), text);
  }

  /** Stands while a restore is made into the directory. */
  public Path unfinishedRestore() {
    return root.resolve("restore-unfinished");
  }

  private void refuseUnfinished() {
    if (Files.exists(unfinishedRestore())) {
      throw new HostUnfit(
          "a restore into data directory "
              + root
              + " did not end; remove the directory and restore again");
    }
  }

  /**
   * A directory for a restore, which may not hold anything yet. Nothing opens it as a data
   * directory before {@link #finishRestore}.
   */
  public static DataDirectory beginRestore(Path path) {
    Path wanted = path.toAbsolutePath().normalize();
    try {
      Files.createDirectories(wanted, PRIVATE_DIRECTORY);
      DataDirectory directory = new DataDirectory(wanted.toRealPath());
      directory.refuseUnfinished();
      try (Stream<Path> entries = Files.list(directory.root)) {
        if (entries.findAny().isPresent()) {
          throw new HostUnfit(
              "data directory " + directory.root + " is not empty; restore into a new one");
        }
      }
      Files.createFile(directory.unfinishedRestore(), PRIVATE_FILE);
      Files.createDirectories(directory.run(), PRIVATE_DIRECTORY);
      Files.createDirectories(directory.blobs(), PRIVATE_DIRECTORY);
      return directory;
    } catch (IOException e) {
      throw new HostUnfit("data directory " + wanted + " cannot be used: " + reason(e), e);
    }
  }

  /** Makes what was restored a data directory. */
  public void finishRestore() {
    try (FileChannel channel = FileChannel.open(root, StandardOpenOption.READ)) {
      channel.force(true);
      Files.delete(unfinishedRestore());
      channel.force(true);
    } catch (IOException e) {
      throw new Internal("cannot delete " + unfinishedRestore() + ": " + reason(e), e);
    }
  }

  /** Opens what only a command on this machine may ask of the running server; 0600. */
  private Path adminKey() {
    return run().resolve("admin-key");
  }

  public void writeAdminKey(String key) {
    replace(adminKey(), key);
  }

  public String readAdminKey() {
    try {
      return Files.readString(adminKey()).strip();
    } catch (IOException e) {
      throw new HostUnfit(adminKey() + " cannot be read: " + reason(e), e);
    }
  }

  /** The file that holds the first key: one line, 0600. */
  public Path credentials() {
    return root.resolve("credentials");
  }

  /** The key that a program on this host may use; empty when there is none yet. */
  public Optional<String> readCredentials() {
    try {
      String key = Files.readString(credentials()).strip();
      return key.isEmpty() ? Optional.empty() : Optional.of(key);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new HostUnfit(credentials() + " cannot be read: " + reason(e), e);
    }
  }

  public void writeCredentials(String key) {
    replace(credentials(), key + "\n");
  }

  /**
   * Claims the data directory for a server; throws HostUnfit that names pid and address of the
   * server that has it.
   */
  public ServerClaim claimServer() {
    long deadline = System.nanoTime() + LOCK_PATIENCE.toNanos();
    while (true) {
      Optional<KernelLock> lock = KernelLock.tryLock(serverLock());
      if (lock.isPresent()) {
        return new ServerClaim(lock.get());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new HostUnfit("data directory " + root + " is in use by " + describeServer());
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new HostUnfit("interrupted while claiming data directory " + root, e);
      }
    }
  }

  /** The server that runs on this data directory; empty when none does. */
  public Optional<ServerAddress> runningServer() {
    return KernelLock.isHeld(serverLock()) ? readServer() : Optional.empty();
  }

  private String describeServer() {
    return readServer()
        .map(server -> "the server with pid " + server.pid() + " at " + server.url())
        .orElse("a server that is just starting");
  }

  private Optional<ServerAddress> readServer() {
    try {
      return Json.readServerAddress(Files.readString(serverJson()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new HostUnfit(serverJson() + " cannot be read: " + reason(e), e);
    }
  }

  private Path serverJson() {
    return root.resolve("server.json");
  }

  private Path serverLock() {
    return run().resolve("server.lock");
  }

  /** Writes a file for this user alone, whole or not at all, and makes it last. */
  private void replace(Path target, String text) {
    Path temporary = target.resolveSibling(target.getFileName() + "." + UUID.randomUUID());
    try {
      Files.createFile(temporary, PRIVATE_FILE);
      Files.writeString(temporary, text);
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new Internal("cannot write " + target + ": " + reason(e), e);
    }
  }

  /** What went wrong, in words: the exceptions of java.nio.file say only the path. */
  public static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage();
  }

  /**
   * The right of one server to serve the data directory, until it is closed or the process dies.
   */
  public final class ServerClaim implements AutoCloseable {
    private final KernelLock lock;

    private ServerClaim(KernelLock lock) {
      this.lock = lock;
      delete();
    }

    /** Says where the server listens. */
    public void publish(String url) {
      replace(
          serverJson(),
          Json.writeServerAddress(
              new ServerAddress(URI.create(url), ProcessHandle.current().pid())));
    }

    @Override
    public void close() {
      delete();
      lock.close();
    }

    private void delete() {
      try {
        Files.deleteIfExists(serverJson());
      } catch (IOException e) {
        throw new Internal("cannot delete " + serverJson() + ": " + reason(e), e);
      }
    }
  }
}
