package dev.caisson.sandbox;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.WorkspaceEntry;
import java.io.InputStream;
import java.util.List;
import java.util.function.Consumer;

/**
 * The walls around one container while it is warm. Cells run one at a time; file calls may come
 * from other threads while a cell runs. All paths are absolute inside the container; all file IO is
 * done inside the walls with the rights of the container's own code.
 *
 * <p>When the sandbox is gone every call throws {@link
 * dev.caisson.domain.CaissonException.Internal}, and {@link #isAlive} is false; only {@link #run}
 * reports it as an outcome.
 */
public interface Sandbox extends AutoCloseable {
  /**
   * Runs a cell to its end and ends whatever it left running, except threads inside the
   * interpreter. Interrupting the calling thread cancels the cell: it is ended like at its limit,
   * reported as {@code Killed("cancelled")}, and the thread's interrupt status is kept.
   */
  default CellRun run(CellProgram cell, OutputListener listener) {
    return run(cell, listener, CallHandler.NONE);
  }

  /**
   * As {@link #run(CellProgram, OutputListener)}, for a cell that may call tools. Time that the
   * handler takes does not count for the cell's limit, nor does what the code does meanwhile.
   */
  CellRun run(CellProgram cell, OutputListener listener, CallHandler calls);

  /**
   * What the cell that has just run has changed; asked at most once for each cell and before the
   * next. Waits for the scan as long as a cell's reply may wait for it, a twentieth of a second.
   */
  Scan changes();

  /** Waits for a scan that goes on, which can take minutes; an interrupt ends the wait. */
  Scan changes(long number) throws InterruptedException;

  /**
   * Tells what stands in the workspace from earlier sandboxes, for the first scan to compare with.
   * Asked before the first cell.
   *
   * @param whole whether these are all files
   */
  void known(List<KnownFile> files, boolean whole);

  /**
   * Writes a file through a temporary name, makes missing parents, and reads size and hash back.
   *
   * @throws dev.caisson.domain.CaissonException.InvalidRequest when the place cannot be written
   */
  default FileReceipt write(String path, InputStream content) {
    return write(path, content, file -> {});
  }

  /**
   * As {@link #write(String, InputStream)}.
   *
   * @param written hears where the file really stands, unless it is at a place that is not kept
   */
  FileReceipt write(String path, InputStream content, Consumer<KnownFile> written);

  /**
   * Opens a regular file. Links are followed inside the walls only.
   *
   * @throws dev.caisson.domain.CaissonException.NotFound when there is no such file
   * @throws dev.caisson.domain.CaissonException.InvalidRequest when it is no regular file
   * @throws dev.caisson.domain.CaissonException.RangeNotSatisfiable when the range starts past the
   *     end
   */
  FileContent read(String path, ByteRange range);

  /** The entries of a directory by name, or the file itself. */
  List<WorkspaceEntry> list(String path);

  /** Deletes a file or a tree. */
  default void delete(String path) {
    delete(path, real -> {});
  }

  /**
   * As {@link #delete(String)}.
   *
   * @param deleted hears where the file or the tree really stood, in the form of {@link
   *     KnownFile#path}
   */
  void delete(String path, Consumer<String> deleted);

  /** Bytes that the workspace takes on disk. */
  long diskBytes();

  /**
   * Whether the kernel keeps the workspace within its limit: what would pass it fails where it is
   * written. Where it does not, whoever opened the sandbox watches {@link #diskBytes}.
   */
  boolean diskBounded();

  /**
   * Makes what the last cell did outlive this sandbox. Called after every cell, before its reply.
   * Nothing to do where the workspace is a local directory.
   */
  void commit(long epoch);

  /** What its processes have used since it was opened; known for a while after their end, too. */
  SandboxUsage usage();

  /**
   * Saves the variables of the interpreter, so that they outlive this sandbox, and returns when
   * that is done or cannot be; at once when nothing has changed since they were last saved. What
   * could not be saved is named in the result of the next cell that uses the interpreter. Does
   * nothing while a cell runs.
   */
  void saveState();

  /** Whether a cell could run in it. */
  boolean isAlive();

  /** Ends its processes; the workspace stays. */
  @Override
  void close();
}
