package dev.caisson.sandbox;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.WorkspaceEntry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A sandbox that the keeper opened, reached by its guest's socket. Safe for use from many threads.
 */
final class LocalSandbox implements Sandbox {
  private static final System.Logger LOG = System.getLogger(LocalSandbox.class.getName());

  private final ContainerId container;
  private final Limits limits;
  private final Path socket;
  private final boolean diskBounded;
  private final Duration secondCut;
  private final Runnable ending;
  private final Supplier<JsonNode> counters;
  private final Consumer<LocalSandbox> onClose;
  private final GuestFiles files;
  private final ReentrantLock cellTurn = new ReentrantLock();
  private @Nullable GuestConnection connection;
  private boolean scanUnread;
  private @Nullable Scan scanRead;
  private volatile boolean gone;

  /** Of how many processes that ended for want of memory the cells' results have told. */
  private volatile long toldOomKills;

  LocalSandbox(
      ContainerId container,
      Limits limits,
      Path socket,
      boolean diskBounded,
      Duration secondCut,
      Runnable ending,
      Supplier<JsonNode> counters,
      Consumer<LocalSandbox> onClose) {
    this.container = container;
    this.limits = limits;
    this.socket = socket;
    this.diskBounded = diskBounded;
    this.secondCut = secondCut;
    this.ending = ending;
    this.counters = counters;
    this.onClose = onClose;
    this.files = new GuestFiles(container, this::connect);
  }

  @Override
  public CellRun run(CellProgram cell, OutputListener listener, CallHandler calls) {
    CellRequest request = CellRequest.of(cell, limits);
    cellTurn.lock();
    try {
      CellConversation conversation =
          new CellConversation(request, limits, secondCut, listener, calls);
      try {
        GuestConnection guest = cellConnection();
        passUnread(guest);
        CellRun run = conversation.hold(guest);
        scanUnread = true;
        toldOomKills = conversation.oomKills();
        return run;
      } catch (IOException e) {
        scanUnread = false;
        end();
        return conversation.sandboxDied(usage().starved());
      } finally {
        conversation.settle();
      }
    } finally {
      cellTurn.unlock();
    }
  }

  @Override
  public Scan changes() {
    cellTurn.lock();
    try {
      Scan read = scanRead;
      scanRead = null;
      if (read != null) {
        return read;
      }
      GuestConnection guest = connection;
      if (guest == null || !scanUnread) {
        return new Scan.Unknown("no cell has ended since");
      }
      return readScan(guest);
    } catch (IOException e) {
      end();
      return new Scan.Unknown("the sandbox ended before the scan did");
    } finally {
      cellTurn.unlock();
    }
  }

  @Override
  public Scan changes(long number) throws InterruptedException {
    return files.changes(number);
  }

  @Override
  public void known(List<KnownFile> known, boolean whole) {
    files.known(known, whole);
  }

  /** The result of a scan that nobody has asked for stands before the next cell's first word. */
  private void passUnread(GuestConnection guest) throws IOException {
    scanRead = null;
    if (scanUnread) {
      readScan(guest);
    }
  }

  /** An interrupt waits: half a frame would be the connection's last. */
  private Scan readScan(GuestConnection guest) throws IOException {
    Deadline deadline = Deadline.in(secondCut);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          Scan scan = GuestScans.read(guest.receive(deadline));
          scanUnread = false;
          return scan;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private GuestConnection cellConnection() throws IOException {
    GuestConnection present = connection;
    if (present == null) {
      present = connect();
      connection = present;
    }
    return present;
  }

  private GuestConnection connect() throws IOException {
    if (gone) {
      throw new IOException("the sandbox of " + container + " has been closed");
    }
    return GuestConnection.connect(socket);
  }

  @Override
  public FileReceipt write(String path, InputStream content, Consumer<KnownFile> written) {
    return files.write(path, content, written);
  }

  @Override
  public FileContent read(String path, ByteRange range) {
    return files.read(path, range);
  }

  @Override
  public List<WorkspaceEntry> list(String path) {
    return files.list(path);
  }

  @Override
  public void delete(String path, Consumer<String> deleted) {
    files.delete(path, deleted);
  }

  @Override
  public long diskBytes() {
    return files.diskBytes();
  }

  @Override
  public boolean diskBounded() {
    return diskBounded;
  }

  @Override
  public void commit(long epoch) {
    // The workspace is a directory of this machine: what a cell wrote is there.
  }

  @Override
  public SandboxUsage usage() {
    JsonNode counted;
    try {
      counted = counters.get();
    } catch (CaissonException.HostUnfit | CaissonException.Internal e) {
      LOG.log(System.Logger.Level.DEBUG, "container=" + container + " usage unknown", e);
      return SandboxUsage.UNKNOWN;
    }
    return new SandboxUsage(
        counted.path("peak_memory").asLong(0), counted.path("oom_kills").asLong(0) > toldOomKills);
  }

  @Override
  public void saveState() {
    files.saveState(limits.state().time().plus(secondCut));
  }

  @Override
  public boolean isAlive() {
    if (gone) {
      return false;
    }
    if (!cellTurn.tryLock()) {
      return true; // a cell runs and will see for itself
    }
    try {
      GuestConnection guest = cellConnection();
      if (scanUnread && guest.open() && guest.waits()) {
        scanRead = readScan(guest); // it would hide the end that may come behind it
      }
      return guest.open();
    } catch (IOException e) {
      return false;
    } finally {
      cellTurn.unlock();
    }
  }

  @Override
  public void close() {
    end();
  }

  /** Takes the connection down when the keeper ends the processes by itself. */
  void forget() {
    gone = true;
    if (cellTurn.tryLock()) {
      try {
        disconnect();
      } finally {
        cellTurn.unlock();
      }
    }
    onClose.accept(this);
  }

  /** Ends the processes when this is the first to ask for it, and returns when they are gone. */
  private void end() {
    boolean first = !gone;
    forget();
    if (first) {
      try {
        ending.run();
      } catch (CaissonException.HostUnfit | CaissonException.Internal e) {
        // No keeper, no sandbox: the kernel has ended it with its keeper.
        LOG.log(System.Logger.Level.DEBUG, "container=" + container + " ended without keeper", e);
      }
    }
  }

  private void disconnect() {
    GuestConnection present = connection;
    connection = null;
    if (present != null) {
      present.close();
    }
  }
}
