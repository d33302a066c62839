package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.KernelLock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * Who works on a data directory: each holds the lock on its own {@code run/owner-<uuid>}, and a
 * free lock means a dead owner. Where a database server holds the metadata, each has a lease there
 * as well, which processes of other machines can see. Safe for use from many threads.
 */
public final class Owners {
  private static final String PREFIX = "owner-";

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private final Path directory;
  private final Optional<Leases> leases;

  Owners(Path directory, Optional<Leases> leases) {
    this.directory = directory;
    this.leases = leases;
  }

  /** A fresh owner, alive until it is closed or the process dies. */
  Owner enter() {
    // A sweeper may catch the file between its making and its locking, and delete it: try again.
    for (int attempt = 0; attempt < 10; attempt++) {
      String id = UUID.randomUUID().toString();
      Path file = file(id);
      Optional<KernelLock> lock = KernelLock.tryLock(file);
      if (lock.isPresent()) {
        if (Files.exists(file)) {
          long pid = ProcessHandle.current().pid();
          writePid(id, pid);
          return enter(id, pid, lock.get());
        }
        lock.get().close();
      }
    }
    throw new HostUnfit("cannot lock a file in " + directory);
  }

  private Owner enter(String id, long pid, KernelLock lock) {
    boolean done = false;
    try {
      leases.ifPresent(here -> here.enter(id, pid));
      done = true;
      return new Owner(id, pid, lock);
    } finally {
      if (!done) {
        lock.closeAndDelete();
      }
    }
  }

  /** Whether the process of that owner lives. */
  public boolean alive(String owner) {
    return leases.isPresent()
        ? leases.get().alive(owner, this::leftItsLock)
        : KernelLock.isHeld(file(owner));
  }

  /** Whether a lock is there to be seen and nobody holds it. */
  private boolean leftItsLock(String owner) {
    return Files.exists(file(owner)) && !KernelLock.isHeld(file(owner));
  }

  /** The process of an owner, for messages; empty when nothing is known of it any more. */
  public OptionalLong pid(String owner) {
    try {
      return OptionalLong.of(Long.parseLong(lines(owner).getFirst()));
    } catch (IOException | NumberFormatException | NoSuchElementException e) {
      return OptionalLong.empty();
    }
  }

  /** Whether a dead owner worked before this machine was started; false when nobody knows. */
  public boolean diedWithHost(String owner) {
    return ofAnotherStart(owner);
  }

  /** Whether an owner is noted that is not of this machine since its start. */
  private boolean ofAnotherStart(String owner) {
    try {
      List<String> lines = lines(owner);
      return lines.size() > 1 && !lines.get(1).equals(bootId());
    } catch (IOException e) {
      return false;
    }
  }

  private List<String> lines(String owner) throws IOException {
    return Files.readAllLines(file(owner + ".pid"));
  }

  /** Changes with every start of the machine (random(4)). */
  static String bootId() throws IOException {
    return Files.readString(BOOT_ID).strip();
  }

  /** Removes the traces of dead owners and returns who they were. */
  List<String> sweep() {
    List<String> dead = new ArrayList<>(leases.map(Leases::sweep).orElse(List.of()));
    try (Stream<Path> files = Files.list(directory)) {
      for (Path path : (Iterable<Path>) files::iterator) {
        String name = path.getFileName().toString();
        if (!name.startsWith(PREFIX)
            || name.endsWith(".pid")
            || livesElsewhere(name.substring(PREFIX.length()))) {
          continue;
        }
        Optional<KernelLock> lock = KernelLock.tryLock(path);
        if (lock.isPresent()) {
          String id = name.substring(PREFIX.length());
          // First of all: without its file nobody could tell any more that it is dead already.
          leases.ifPresent(here -> here.end(id));
          Files.deleteIfExists(file(id + ".pid"));
          lock.get().closeAndDelete();
          dead.add(id);
        }
      }
    } catch (NoSuchFileException e) {
      return dead;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return dead;
  }

  /** Not every file system shows one machine the locks of another: there the lease is asked. */
  private boolean livesElsewhere(String owner) {
    return leases.isPresent() && ofAnotherStart(owner) && alive(owner);
  }

  // Beside the locked file, not in it: whoever reads the locked file from this process and closes
  // it
  // would drop the lock.
  private void writePid(String id, long pid) {
    try {
      Files.writeString(file(id + ".pid"), pid + "\n" + bootId() + "\n");
    } catch (IOException e) {
      throw new Internal("cannot write in " + directory, e);
    }
  }

  private Path file(String owner) {
    return directory.resolve(PREFIX + owner);
  }

  /** One process's claim to work on the data directory. */
  public final class Owner implements AutoCloseable {
    private final String id;
    private final long pid;
    private final KernelLock lock;
    private final Optional<Heartbeat> heartbeat;
    private final CountDownLatch lost = new CountDownLatch(1);

    private Owner(String id, long pid, KernelLock lock) {
      this.id = id;
      this.pid = pid;
      this.lock = lock;
      this.heartbeat = leases.map(here -> Heartbeat.start(here, id, lost::countDown));
    }

    /**
     * Returns when this owner was declared dead, which happens only where leases are: others have
     * taken what it held, no commit of it succeeds, and its process has nothing left to do.
     */
    public void awaitLoss() throws InterruptedException {
      lost.await();
    }

    /** Never used twice. */
    public String id() {
      return id;
    }

    public long pid() {
      return pid;
    }

    @Override
    public void close() {
      heartbeat.ifPresent(Heartbeat::close);
      try {
        leases.ifPresent(here -> here.end(id));
      } finally {
        leave();
      }
    }

    private void leave() {
      try {
        Files.deleteIfExists(file(id + ".pid"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        lock.closeAndDelete();
      }
    }
  }
}
