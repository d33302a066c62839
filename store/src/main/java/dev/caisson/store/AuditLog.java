package dev.caisson.store;

import dev.caisson.domain.CaissonException.Internal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * {@code audit.log} of a data directory, to which lines are only added. It is opened anew for each
 * line, so that it can be moved away at any time. Safe for use from many threads and processes.
 */
public final class AuditLog {
  private final Path file;

  AuditLog(Path file) {
    this.file = file;
  }

  /**
   * Adds a line, in one write so that those of several processes do not mix.
   *
   * @throws Internal when it cannot be written
   */
  public void append(String line) {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    Set<StandardOpenOption> append = Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    try (FileChannel channel = FileChannel.open(file, append, DataDirectory.PRIVATE_FILE)) {
      channel.write(bytes);
      if (bytes.hasRemaining()) {
        throw new IOException("only a part of a line could be written");
      }
    } catch (IOException e) {
      throw new Internal(file + " cannot be written: " + DataDirectory.reason(e), e);
    }
  }
}
