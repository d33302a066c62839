package dev.caisson.engine;

import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Stored files: uploads and what cells made. Safe for use from many threads. */
public final class Files {

  /** Stores an upload; throws InvalidRequest for a bad name, TooLarge over the limit. */
  public StoredFile upload(
      OrganizationId organization,
      String filename,
      String mimeType,
      InputStream content,
      Optional<Duration> expiresIn) {
    throw new UnsupportedOperationException();
  }

  /**
   * Stores an upload whose expiry is known only when its content has been read to the end, as in a
   * form that names it after the file. What {@code expiresIn} throws leaves nothing stored.
   */
  public StoredFile upload(
      OrganizationId organization,
      String filename,
      String mimeType,
      InputStream content,
      Supplier<Optional<Duration>> expiresIn) {
    throw new UnsupportedOperationException();
  }

  /** The file; throws NotFound when unknown, deleted or foreign. */
  public StoredFile get(OrganizationId organization, FileId id) {
    throw new UnsupportedOperationException();
  }

  /** Newest first. */
  public Page<StoredFile> list(OrganizationId organization, PageRequest page) {
    throw new UnsupportedOperationException();
  }

  /** Those of the files that exist, newest first. */
  public List<StoredFile> find(OrganizationId organization, List<FileId> ids) {
    throw new UnsupportedOperationException();
  }

  /** Opens the content of any file of the organization, downloadable or not. */
  public FileContent content(OrganizationId organization, FileId id) {
    throw new UnsupportedOperationException();
  }

  /** Opens the content of a downloadable file; throws InvalidRequest for an upload. */
  public FileContent download(OrganizationId organization, FileId id) {
    throw new UnsupportedOperationException();
  }

  /** Deletes the file; containers keep their copy. */
  public void delete(OrganizationId organization, FileId id) {
    throw new UnsupportedOperationException();
  }
}
