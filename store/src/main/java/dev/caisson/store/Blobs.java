package dev.caisson.store;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.RangeNotSatisfiable;
import dev.caisson.domain.CaissonException.TooLarge;
import dev.caisson.domain.FileContent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Content of files, each kept once under the hash of its bytes: {@code blobs/ab/<sha256>}. Content
 * is written beside and renamed into place, so that what stands there is whole. Safe for use from
 * many threads and processes.
 */
public final class Blobs {
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path root;
  private final Path staging;
  private final String owner;

  Blobs(Path root, String owner) {
    this.root = root;
    this.staging = root.resolve("staging");
    this.owner = owner;
    try {
      Files.createDirectories(staging, PRIVATE_DIRECTORY);
    } catch (IOException e) {
      throw new HostUnfit(staging + " cannot be made: " + DataDirectory.reason(e), e);
    }
  }

  /**
   * Writes content beside the store and hashes it on its way. An {@link IOException} of the stream
   * itself is passed on unchecked.
   *
   * @param subject what the content is, for the message when it is over the limit
   */
  public Staged stage(InputStream content, ByteSize limit, String subject) {
    Path file = staging.resolve(owner + "-" + UUID.randomUUID());
    boolean whole = false;
    try {
      MessageDigest digest = sha256();
      long size = 0;
      try (OutputStream out = create(file)) {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
          size += read;
          if (size > limit.bytes()) {
            throw new TooLarge(subject + " is over the limit of " + limit + " for one file");
          }
          digest.update(buffer, 0, read);
          write(out, buffer, read);
        }
      }
      whole = true;
      return new Staged(file, size, HexFormat.of().formatHex(digest.digest()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (!whole) {
        deleteQuietly(file);
      }
    }
  }

  private OutputStream create(Path file) {
    try {
      return Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
    } catch (IOException e) {
      throw DiskReserve.failure("the content", staging, e);
    }
  }

  private void write(OutputStream out, byte[] buffer, int length) {
    try {
      out.write(buffer, 0, length);
    } catch (IOException e) {
      throw DiskReserve.failure("the content", staging, e);
    }
  }

  /**
   * Moves staged content to its place; content that stands there already stays. The caller holds a
   * reservation of its hash.
   */
  public void place(Staged staged, Durability durability) {
    Path directory = directory(staged.sha256());
    Path target = path(staged.sha256());
    try {
      if (Files.exists(target) && Files.size(target) == staged.sizeBytes()) {
        Files.delete(staged.file());
        return;
      }
      Files.createDirectories(directory, PRIVATE_DIRECTORY);
      if (durability == Durability.POWER_CUT) {
        force(staged.file(), StandardOpenOption.WRITE);
      }
      Files.move(staged.file(), target, StandardCopyOption.ATOMIC_MOVE);
      if (durability == Durability.POWER_CUT) {
        force(directory, StandardOpenOption.READ);
        force(root, StandardOpenOption.READ);
      }
    } catch (IOException e) {
      throw DiskReserve.failure("content " + staged.sha256(), root, e);
    }
  }

  private static void force(Path path, StandardOpenOption option) throws IOException {
    try (FileChannel channel = FileChannel.open(path, option)) {
      channel.force(true);
    }
  }

  /** Opens content; throws Internal when it is not there or not whole. */
  public FileContent open(String sha256, long sizeBytes) {
    return open(sha256, sizeBytes, ByteRange.ALL);
  }

  /**
   * Opens a part of content; throws RangeNotSatisfiable when it begins past the end, Internal when
   * the content is not there or not whole.
   */
  public FileContent open(String sha256, long sizeBytes, ByteRange range) {
    Path file = path(sha256);
    try {
      long size = Files.size(file);
      if (size != sizeBytes) {
        throw new Internal(
            "content " + sha256 + " has " + size + " bytes where " + sizeBytes + " were stored");
      }
      if (range.offset() > size || (range.offset() == size && size > 0)) {
        throw new RangeNotSatisfiable(
            "the range starts at byte " + range.offset() + " of a file of " + size + " bytes",
            size);
      }
      long length = Math.min(range.length(), size - range.offset());
      return new FileContent(size, length, PartStream.open(file, range.offset(), length));
    } catch (NoSuchFileException e) {
      throw new Internal("content " + sha256 + " is missing from the store", e);
    } catch (IOException e) {
      throw new Internal("content " + sha256 + " cannot be read", e);
    }
  }

  /**
   * Gives content a second name outside, or copies it where that cannot be. The caller holds it.
   *
   * @param to does not exist yet
   */
  public void export(String sha256, Path to) {
    Path file = path(sha256);
    try {
      Files.createDirectories(directoryOf(to), PRIVATE_DIRECTORY);
      try {
        Files.createLink(to, file);
      } catch (FileSystemException | UnsupportedOperationException e) {
        // Another file system, or one without links.
        Files.copy(file, to);
        force(to, StandardOpenOption.WRITE);
      }
    } catch (NoSuchFileException e) {
      throw new Internal("content " + sha256 + " is missing from the store", e);
    } catch (IOException e) {
      throw new HostUnfit("cannot write " + to + ": " + DataDirectory.reason(e), e);
    }
  }

  private static Path directoryOf(Path file) {
    return java.util.Objects.requireNonNull(file.getParent());
  }

  /** Takes content out of its place, to be deleted; empty when there is none. */
  Optional<Doomed> moveAside(String sha256) {
    Path aside = staging.resolve(owner + "-" + UUID.randomUUID());
    try {
      Files.move(path(sha256), aside, StandardCopyOption.ATOMIC_MOVE);
      return Optional.of(new Doomed(aside));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new Internal("cannot delete content " + sha256, e);
    }
  }

  /** Deletes what dead owners left half-written. */
  void sweep(Owners owners) {
    try (Stream<Path> files = Files.list(staging)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        String name = file.getFileName().toString();
        if (name.length() > owner.length() && !owners.alive(name.substring(0, owner.length()))) {
          deleteQuietly(file);
        }
      }
    } catch (IOException e) {
      throw new Internal("cannot sweep " + staging, e);
    }
  }

  private Path path(String sha256) {
    return directory(sha256).resolve(sha256);
  }

  private Path directory(String sha256) {
    return root.resolve(sha256.substring(0, 2));
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // swept when this owner is dead
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new Internal("this Java has no SHA-256", e);
    }
  }

  /** What content must outlive. */
  public enum Durability {
    /** The death of any process: the page cache is enough. */
    CRASH,
    /** A power cut as well: synced to disk before anybody is told. */
    POWER_CUT
  }

  /** Content that is written and hashed and has no name yet. */
  public record Staged(Path file, long sizeBytes, String sha256) {
    /** All of it; for small content only. */
    public byte[] read() {
      try {
        return Files.readAllBytes(file);
      } catch (IOException e) {
        throw new Internal("staged content cannot be read", e);
      }
    }

    /** Gives it up. */
    public void discard() {
      deleteQuietly(file);
    }
  }

  /** Content that is out of its place. */
  record Doomed(Path file) {
    void delete() {
      deleteQuietly(file);
    }
  }
}
