package dev.caisson.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A connection that notices its client going away while a request is being worked on. Jetty reads
 * from an HTTP/1.1 connection only between requests, so nothing else would. What a client that
 * pipelines sends meanwhile is kept for Jetty to read later.
 *
 * <p>A client that shuts down only its sending half looks the same as one that has gone, as it does
 * to most HTTP servers.
 *
 * <p>It also gives up a client that takes too long over the head of a request. Jetty's own timeout
 * is about silence, which a byte now and then breaks.
 */
final class WatchedEndPoint extends SocketChannelEndPoint {
  private static final int KEPT_BYTES = 4096;

  private final Object lock = new Object();
  private @Nullable Runnable onGone;
  private final Duration patience;
  private @Nullable ByteBuffer kept;
  private boolean inRequest;
  private long requests;
  private Scheduler.@Nullable Task headDeadline;

  /**
   * @param patience from the first byte of a request's head to its last
   */
  WatchedEndPoint(
      SocketChannel channel,
      ManagedSelector selector,
      SelectionKey key,
      Scheduler scheduler,
      Duration patience) {
    super(channel, selector, key, scheduler);
    this.patience = patience;
  }

  /** The head of a request has come; its number on this connection. */
  long requestBegins() {
    synchronized (lock) {
      inRequest = true;
      forgetDeadline();
      return ++requests;
    }
  }

  /** What comes from now on is the head of another request, unless that is there already. */
  void requestEnds(long number) {
    synchronized (lock) {
      inRequest = inRequest && number != requests;
    }
  }

  @Override
  public void onClose(@Nullable Throwable cause) {
    synchronized (lock) {
      inRequest = true;
      forgetDeadline();
    }
    super.onClose(cause);
  }

  private void forgetDeadline() {
    if (headDeadline != null) {
      headDeadline.cancel();
      headDeadline = null;
    }
  }

  private int timed(int count) {
    synchronized (lock) {
      if (count > 0 && !inRequest && headDeadline == null) {
        headDeadline =
            getScheduler().schedule(this::headIsLate, patience.toNanos(), TimeUnit.NANOSECONDS);
      }
    }
    return count;
  }

  private void headIsLate() {
    synchronized (lock) {
      if (inRequest || headDeadline == null) {
        return;
      }
    }
    close(new TimeoutException("the head of a request took longer than " + patience));
  }

  /** Calls once when the client goes, until {@link #unwatch}. */
  void watch(Runnable whenGone) {
    synchronized (lock) {
      onGone = whenGone;
    }
    needsFillInterest();
  }

  void unwatch() {
    synchronized (lock) {
      onGone = null;
    }
  }

  @Override
  public @Nullable Runnable onSelected() {
    Runnable task = super.onSelected();
    Runnable gone = null;
    synchronized (lock) {
      if (onGone != null && kept == null && isAtEnd()) {
        gone = onGone;
        onGone = null;
      }
    }
    if (gone != null) {
      gone.run();
    }
    return task;
  }

  /** Whether the client has closed; keeps what it sent instead, if it did. Never blocks. */
  private boolean isAtEnd() {
    ByteBuffer bytes = ByteBuffer.allocate(KEPT_BYTES);
    try {
      int count = getChannel().read(bytes);
      if (count > 0) {
        kept = bytes.flip();
      } else if (count == 0) {
        needsFillInterest();
      }
      return count < 0;
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public int fill(ByteBuffer buffer) throws IOException {
    synchronized (lock) {
      if (kept != null) {
        // Jetty's buffers are kept in read mode: position to limit is what they hold.
        int position = BufferUtil.flipToFill(buffer);
        int count = Math.min(buffer.remaining(), kept.remaining());
        buffer.put(kept.slice(kept.position(), count));
        kept.position(kept.position() + count);
        BufferUtil.flipToFlush(buffer, position);
        kept = kept.hasRemaining() ? kept : null;
        return timed(count);
      }
    }
    return timed(super.fill(buffer));
  }

  @Override
  public void fillInterested(Callback callback) {
    super.fillInterested(callback);
    boolean readable;
    synchronized (lock) {
      readable = kept != null;
    }
    if (readable) {
      getFillInterest().fillable();
    }
  }

  @Override
  public boolean tryFillInterested(Callback callback) {
    boolean registered = super.tryFillInterested(callback);
    boolean readable;
    synchronized (lock) {
      readable = kept != null;
    }
    if (registered && readable) {
      getFillInterest().fillable();
    }
    return registered;
  }
}
