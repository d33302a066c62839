package dev.caisson.engine;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.sandbox.CallHandler;
import dev.caisson.sandbox.CellProgram;
import dev.caisson.sandbox.CellRun;
import dev.caisson.sandbox.KnownFile;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxUsage;
import dev.caisson.sandbox.Scan;
import dev.caisson.store.FileMark;
import dev.caisson.store.WorkspaceFileStore;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;

/**
 * A sandbox whose file requests are noted as they are done: what the engine writes and deletes is
 * known to be there, is never taken for a cell's doing, and keeps within the container's disk
 * limit. Safe for use from many threads.
 */
final class RecordedSandbox implements Sandbox {
  private final ContainerId container;
  private final Lock writing;
  private final Sandbox sandbox;
  private final WorkspaceFileStore files;
  private final DiskRoom room;

  RecordedSandbox(
      WarmContainer container, Sandbox sandbox, DiskRoom room, WorkspaceFileStore files) {
    this.container = container.id();
    this.writing = container.writing().readLock();
    this.sandbox = sandbox;
    this.files = files;
    this.room = room;
  }

  DiskRoom room() {
    return room;
  }

  /** Tells the sandbox, which has just been opened, what stood in its workspace when last seen. */
  void remind() {
    List<KnownFile> known = files.list(container).stream().map(RecordedSandbox::known).toList();
    boolean complete = files.complete(container);
    if (!known.isEmpty() || !complete) {
      sandbox.known(known, complete);
    }
  }

  static FileMark mark(KnownFile file) {
    return new FileMark(
        file.path(), file.sizeBytes(), file.sha256(), file.inode(), file.changedNanos());
  }

  private static KnownFile known(FileMark file) {
    return new KnownFile(
        file.path(), file.sizeBytes(), file.sha256(), file.inode(), file.changedNanos());
  }

  @Override
  public FileReceipt write(String path, InputStream content, Consumer<KnownFile> written) {
    writing.lock();
    try {
      return sandbox.write(
          path,
          room.within(path, content),
          file -> {
            files.note(container, List.of(mark(file)), List.of());
            written.accept(file);
          });
    } finally {
      writing.unlock();
    }
  }

  @Override
  public void delete(String path, Consumer<String> deleted) {
    writing.lock();
    try {
      sandbox.delete(
          path,
          real -> {
            files.noteDeleted(container, real);
            deleted.accept(real);
          });
    } finally {
      writing.unlock();
    }
  }

  @Override
  public CellRun run(CellProgram cell, OutputListener listener, CallHandler calls) {
    room.cellBegins();
    try {
      return sandbox.run(cell, listener, calls);
    } finally {
      room.cellEnded();
    }
  }

  @Override
  public Scan changes() {
    return sandbox.changes();
  }

  @Override
  public Scan changes(long number) throws InterruptedException {
    return sandbox.changes(number);
  }

  @Override
  public void known(List<KnownFile> known, boolean whole) {
    sandbox.known(known, whole);
  }

  @Override
  public FileContent read(String path, ByteRange range) {
    return sandbox.read(path, range);
  }

  @Override
  public List<WorkspaceEntry> list(String path) {
    return sandbox.list(path);
  }

  @Override
  public long diskBytes() {
    return room.measure();
  }

  @Override
  public boolean diskBounded() {
    return sandbox.diskBounded();
  }

  @Override
  public void commit(long epoch) {
    sandbox.commit(epoch);
  }

  @Override
  public void saveState() {
    sandbox.saveState();
  }

  @Override
  public SandboxUsage usage() {
    return sandbox.usage();
  }

  @Override
  public boolean isAlive() {
    return sandbox.isAlive();
  }

  @Override
  public void close() {
    sandbox.close();
  }
}
