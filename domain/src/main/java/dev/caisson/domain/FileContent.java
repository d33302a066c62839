package dev.caisson.domain;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * An open file, or the part of it that was asked for. To be closed by whoever asked.
 *
 * @param totalBytes of the whole file
 * @param lengthBytes that {@code stream} will give
 */
public record FileContent(long totalBytes, long lengthBytes, InputStream stream)
    implements AutoCloseable {
  @Override
  public void close() {
    try {
      stream.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
