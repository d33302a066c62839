package dev.caisson.store;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A part of a file as a stream that ends where the part does. For use by one thread. */
final class PartStream extends FilterInputStream {
  private long left;

  private PartStream(InputStream stream, long length) {
    super(stream);
    this.left = length;
  }

  static InputStream open(Path file, long offset, long length) throws IOException {
    SeekableByteChannel channel = Files.newByteChannel(file);
    return new PartStream(Channels.newInputStream(channel.position(offset)), length);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = in.read(buffer, offset, (int) Math.min(length, left));
    left -= Math.max(count, 0);
    return count;
  }

  @Override
  public long skip(long count) throws IOException {
    long skipped = in.skip(Math.min(count, left));
    left -= skipped;
    return skipped;
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
