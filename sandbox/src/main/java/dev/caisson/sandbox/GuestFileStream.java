package dev.caisson.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A file's content as the guest sends it. For one thread at a time. */
final class GuestFileStream extends InputStream {
  private final GuestConnection guest;
  private final Duration patience;
  private byte @Nullable [] chunk = new byte[0];
  private int position;

  GuestFileStream(GuestConnection guest, Duration patience) {
    this.guest = guest;
    this.patience = patience;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    byte[] current = current();
    if (current == null) {
      return -1;
    }
    int count = Math.min(length, current.length - position);
    System.arraycopy(current, position, target, offset, count);
    position += count;
    return count;
  }

  /** The chunk that still has bytes; null at the end. */
  private byte @Nullable [] current() throws IOException {
    byte[] current = chunk;
    while (current != null && position == current.length) {
      current = next();
      chunk = current;
      position = 0;
    }
    return current;
  }

  private byte @Nullable [] next() throws IOException {
    try {
      GuestConnection.Frame frame = guest.receive(Deadline.in(patience));
      return switch (frame.kind()) {
        case DATA -> frame.payload();
        case END -> null;
        case ERROR -> throw GuestFiles.refusal(frame.fields());
        case REQUEST,
            CANCEL,
            STDOUT,
            STDERR,
            STDOUT_TAIL,
            STDERR_TAIL,
            RESULT,
            ANSWER,
            CALL,
            CALLS_WAIT,
            CHANGES ->
            throw new IOException("the guest sent " + frame.kind() + " for a file");
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("reading was cancelled");
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  @Override
  public void close() {
    guest.close();
  }
}
