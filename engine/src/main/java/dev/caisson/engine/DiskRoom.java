package dev.caisson.engine;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.TooLarge;
import dev.caisson.sandbox.Sandbox;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a workspace takes and may take, where the kernel does not keep it within the container's
 * disk limit. Safe for use from many threads.
 *
 * <p>What the engine writes never passes the limit: what was measured last and what was written
 * since are counted together, and only when that is too much is it measured anew. A cell is judged
 * by what is measured while it runs; one that begins over the limit may run as long as it adds next
 * to nothing, so that code can clear up.
 */
final class DiskRoom {
  private static final Logger LOG = System.getLogger(DiskRoom.class.getName());
  private static final long UNKNOWN = -1;

  /** What a cell takes that adds nothing: its output directory, a log, a directory that grew. */
  private static final long SLACK = 64 << 10;

  private final Sandbox sandbox;
  private final ByteSize limit;
  private final boolean used;
  private final AtomicLong taken = new AtomicLong(UNKNOWN);

  /** What the cell that runs may leave the workspace at; anything while none does. */
  private final AtomicLong allowed = new AtomicLong(Long.MAX_VALUE);

  /**
   * @param used whether an earlier sandbox may have left files
   */
  DiskRoom(Sandbox sandbox, ByteSize limit, boolean used) {
    this.sandbox = sandbox;
    this.limit = limit;
    this.used = used;
  }

  /** To be called before a cell runs. */
  void cellBegins() {
    if (sandbox.diskBounded()) {
      return;
    }
    long most = limit.bytes();
    boolean perhapsOver = taken.get() == UNKNOWN ? used : taken.get() > most;
    if (perhapsOver) {
      try {
        most = Math.max(most, measure() + SLACK);
      } catch (CaissonException e) {
        // It cannot be told, or nobody waits any more: the cell itself will show.
        LOG.log(Level.DEBUG, "a workspace was not measured before a cell", e);
      }
    }
    allowed.set(most);
  }

  /** To be called when it has ended: from now on nobody is judged. */
  void cellEnded() {
    allowed.set(Long.MAX_VALUE);
  }

  /**
   * Measures while a cell runs.
   *
   * @return what to tell the cell that has passed what it may take; empty when it has not
   */
  Optional<String> overflow() {
    long most = allowed.get();
    if (most == Long.MAX_VALUE) {
      return Optional.empty();
    }
    long bytes = measure();
    if (bytes > most) {
      return Optional.of(
          "the container's files take "
              + new ByteSize(bytes)
              + ", more than its disk limit of "
              + limit
              + "; the cell was ended, delete some files");
    }
    // What has been cleared up stays cleared up.
    allowed.compareAndSet(most, Math.max(limit.bytes(), Math.min(most, bytes + SLACK)));
    return Optional.empty();
  }

  long measure() {
    long bytes = sandbox.diskBytes();
    taken.set(bytes);
    return bytes;
  }

  /**
   * The same content, which ends with TooLarge where it would pass the limit; whoever writes it
   * leaves nothing behind then.
   */
  InputStream within(String path, InputStream content) {
    return sandbox.diskBounded() ? content : new Bounded(path, content);
  }

  private void take(String path, int count) {
    if (taken.get() == UNKNOWN) {
      measure();
    }
    if (taken.get() + count > limit.bytes() && measure() + count > limit.bytes()) {
      throw new TooLarge(
          path
              + ": no room in the container: its files may take "
              + limit
              + " together, its disk limit; delete some");
    }
    taken.addAndGet(count);
  }

  private final class Bounded extends FilterInputStream {
    private final String path;

    Bounded(String path, InputStream content) {
      super(content);
      this.path = path;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count = in.read(buffer, offset, length);
      if (count > 0) {
        take(path, count);
      }
      return count;
    }
  }
}
