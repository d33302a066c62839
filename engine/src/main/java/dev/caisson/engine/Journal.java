package dev.caisson.engine;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.store.Blobs;
import dev.caisson.store.FileStore;
import dev.caisson.store.JournalEntry;
import dev.caisson.store.JournalStore;
import dev.caisson.store.Store;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Notes what requests do to the files of a container, so that it can be done again. Cells and
 * mounts are noted with their own rows. Safe for use from many threads.
 */
final class Journal {
  /** Scripts and configuration, which are what models and people write, are far smaller. */
  static final int KEPT_OF_A_FILE = (int) ByteSize.ofMebibytes(1).bytes();

  /** So that writing over and over fills no disk. */
  static final long KEPT_OF_A_CONTAINER = ByteSize.ofMebibytes(32).bytes();

  private final JournalStore store;
  private final FileStore files;
  private final Blobs blobs;
  private final String self;
  private final InstantSource clock;

  Journal(Store store, InstantSource clock) {
    this.store = store.journal();
    this.files = store.files();
    this.blobs = store.blobs();
    this.self = store.owner().id();
    this.clock = clock;
  }

  /** Writes a file and notes it, with its content when it is small. */
  FileReceipt write(
      ContainerId container,
      String path,
      InputStream content,
      Function<InputStream, FileReceipt> write) {
    Copying copying = new Copying(content);
    FileReceipt receipt = write.apply(copying);
    byte[] copy = copying.copy.toByteArray();
    boolean kept =
        copy.length == receipt.sizeBytes()
            && store.keptBytes(container) + copy.length <= KEPT_OF_A_CONTAINER;
    JournalEntry.Written entry =
        new JournalEntry.Written(path, receipt.sizeBytes(), receipt.sha256(), kept);
    if (kept) {
      keep(container, entry, copy);
    } else {
      store.written(container, entry, Optional.empty(), now());
    }
    return receipt;
  }

  private void keep(ContainerId container, JournalEntry.Written entry, byte[] content) {
    Blobs.Staged staged =
        blobs.stage(new ByteArrayInputStream(content), new ByteSize(KEPT_OF_A_FILE), entry.path());
    String reservation = files.reserve(staged.sha256(), self);
    boolean noted = false;
    try {
      blobs.place(staged, Blobs.Durability.CRASH);
      store.written(container, entry, Optional.of(reservation), now());
      noted = true;
    } finally {
      if (!noted) {
        files.abandon(List.of(reservation));
      }
    }
  }

  /** The content that was kept of a write. */
  FileContent content(JournalEntry.Written entry) {
    return blobs.open(entry.sha256(), entry.sizeBytes());
  }

  void deleted(ContainerId container, String path) {
    store.deleted(container, path, now());
  }

  /** Everything that was done, oldest first. */
  List<JournalEntry> of(ContainerId container) {
    return store.list(container);
  }

  private Instant now() {
    return Instant.ofEpochMilli(clock.millis());
  }

  /** Copies what is read through it, up to the most that is kept. */
  private static final class Copying extends FilterInputStream {
    final ByteArrayOutputStream copy = new ByteArrayOutputStream();

    Copying(InputStream content) {
      super(content);
    }

    @Override
    public int read() throws IOException {
      int read = super.read();
      if (read >= 0 && copy.size() < KEPT_OF_A_FILE) {
        copy.write(read);
      }
      return read;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      if (read > 0 && copy.size() < KEPT_OF_A_FILE) {
        copy.write(buffer, offset, Math.min(read, KEPT_OF_A_FILE - copy.size()));
      }
      return read;
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
