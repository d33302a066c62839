package dev.caisson.sandbox;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A connection to a Unix socket with deadlines, which survives an interrupt of the thread that uses
 * it: a blocking channel would be closed by one, and with it the way to cancel a cell and hear its
 * result. For one thread at a time.
 */
final class LocalChannel implements Closeable {
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;

  /** What was read to see whether there is another side, and nobody has asked for yet. */
  private final ByteBuffer ahead = ByteBuffer.allocate(1).limit(0);

  private LocalChannel(SocketChannel channel) throws IOException {
    this.channel = channel;
    this.selector = Selector.open();
    this.key = channel.register(selector, 0);
  }

  /** Connects at once or throws. An interrupt that is pending stays pending. */
  static LocalChannel connect(Path socket) throws IOException {
    boolean interrupted = Thread.interrupted();
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      return new LocalChannel(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Writes all of it. */
  void write(ByteBuffer bytes, Deadline deadline) throws IOException, InterruptedException {
    while (bytes.hasRemaining()) {
      if (channel.write(bytes) == 0) {
        await(SelectionKey.OP_WRITE, deadline);
      }
    }
  }

  /** Reads until the buffer is full. */
  void fill(ByteBuffer buffer, Deadline deadline) throws IOException, InterruptedException {
    while (buffer.hasRemaining()) {
      if (ahead.hasRemaining()) {
        buffer.put(ahead);
        continue;
      }
      int count = channel.read(buffer);
      if (count < 0) {
        throw new EOFException("the other side has closed the connection");
      }
      if (count == 0) {
        await(SelectionKey.OP_READ, deadline);
      }
    }
  }

  /** Whether the other side is still there, as far as can be seen without waiting. */
  boolean open() {
    if (ahead.hasRemaining()) {
      return channel.isOpen();
    }
    ahead.clear();
    try {
      return channel.isOpen() && channel.read(ahead) >= 0;
    } catch (IOException e) {
      return false;
    } finally {
      ahead.flip();
    }
  }

  /** Whether {@link #open} has seen that something waits to be read. */
  boolean waits() {
    return ahead.hasRemaining();
  }

  private void await(int operation, Deadline deadline) throws IOException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    long millis = deadline.millisLeft();
    if (millis <= 0) {
      throw new SocketTimeoutException("no answer in time");
    }
    key.interestOps(operation);
    selector.select(millis);
    selector.selectedKeys().clear();
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
