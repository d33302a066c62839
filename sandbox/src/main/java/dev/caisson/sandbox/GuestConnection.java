package dev.caisson.sandbox;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Frames to and from a guest, see {@code frames.py}. For one thread at a time. */
final class GuestConnection implements AutoCloseable {
  /** Frames of the guest are at most its read size plus a header; this bounds a broken one. */
  private static final int MAX_FRAME = 64 << 20;

  private static final byte[] NOTHING = {};

  private final LocalChannel channel;
  private final ByteBuffer prefix = ByteBuffer.allocate(5);

  /** What a frame is; the numbers are the wire's. */
  enum Kind {
    REQUEST(1),
    DATA(2),
    END(3),
    CANCEL(4),
    ANSWER(5),
    STDOUT(16),
    STDERR(17),
    STDOUT_TAIL(18),
    STDERR_TAIL(19),
    RESULT(20),
    ERROR(21),
    CALL(22),
    CALLS_WAIT(23),
    CHANGES(24);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    private static Kind of(int number) throws IOException {
      for (Kind kind : values()) {
        if (kind.number == number) {
          return kind;
        }
      }
      throw new IOException("the guest sent a frame of the unknown kind " + number);
    }
  }

  /** One frame. */
  static final class Frame {
    private final Kind kind;
    private final byte[] payload;

    private Frame(Kind kind, byte[] payload) {
      this.kind = kind;
      this.payload = payload;
    }

    Kind kind() {
      return kind;
    }

    byte[] payload() {
      return payload;
    }

    Fields fields() throws IOException {
      return Fields.parse(payload);
    }
  }

  private GuestConnection(LocalChannel channel) {
    this.channel = channel;
  }

  static GuestConnection connect(Path socket) throws IOException {
    return new GuestConnection(LocalChannel.connect(socket));
  }

  void send(Kind kind, Deadline deadline) throws IOException, InterruptedException {
    send(kind, NOTHING, 0, 0, deadline);
  }

  void send(Kind kind, byte[] payload, Deadline deadline) throws IOException, InterruptedException {
    send(kind, payload, 0, payload.length, deadline);
  }

  /** An interrupt stops it before the first byte or not at all: half a frame would be the last. */
  void send(Kind kind, byte[] bytes, int offset, int length, Deadline deadline)
      throws IOException, InterruptedException {
    ByteBuffer frame = ByteBuffer.allocate(5 + length);
    frame.putInt(length + 1).put((byte) kind.number).put(bytes, offset, length).flip();
    boolean interrupted = false;
    while (frame.hasRemaining()) {
      try {
        channel.write(frame, deadline);
      } catch (InterruptedException e) {
        if (frame.position() == 0) {
          throw e;
        }
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The next frame. An interrupt between two frames leaves the connection usable; the prefix keeps
   * what came of the next one.
   */
  Frame receive(Deadline deadline) throws IOException, InterruptedException {
    channel.fill(prefix, deadline);
    int length = prefix.getInt(0) - 1;
    if (length < 0 || length > MAX_FRAME) {
      throw new IOException("the guest sent a frame of " + length + " bytes");
    }
    Kind kind = Kind.of(prefix.get(4));
    ByteBuffer payload = ByteBuffer.allocate(length);
    boolean interrupted = false;
    while (payload.hasRemaining()) {
      try {
        channel.fill(payload, deadline);
      } catch (InterruptedException e) {
        // The rest of a frame that has begun is on its way.
        interrupted = true;
      }
    }
    prefix.clear();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return new Frame(kind, payload.array());
  }

  boolean open() {
    return channel.open();
  }

  /** Whether {@link #open} has seen that a frame waits to be read. */
  boolean waits() {
    return channel.waits();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Closing a local socket fails only when it is closed already.
      return;
    }
  }
}
