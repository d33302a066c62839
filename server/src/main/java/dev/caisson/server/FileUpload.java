package dev.caisson.server;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.StoredFile;
import dev.caisson.engine.Files;
import dev.caisson.wire.Clip;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import org.apache.commons.fileupload2.core.FileItemInput;
import org.apache.commons.fileupload2.core.FileItemInputIterator;

/**
 * An upload of the Files API: a multipart form with one part {@code file}, and perhaps {@code
 * expires_in_seconds} before or after it. The content goes from the socket to the store as it
 * comes; a form that turns out broken at its end leaves nothing behind.
 */
final class FileUpload {
  /** The contract's bounds: an hour and ninety days. */
  private static final long MIN_EXPIRY_SECONDS = 3600;

  private static final long MAX_EXPIRY_SECONDS = 7_776_000;

  /** Boundaries, headers and the other part. */
  private static final int FRAMING_BYTES = 64 * 1024;

  private static final ByteSize FIELD_LIMIT = new ByteSize(1024);

  private final FileItemInputIterator parts;
  private Optional<Duration> expiresIn = Optional.empty();

  private FileUpload(FileItemInputIterator parts) {
    this.parts = parts;
  }

  static StoredFile receive(
      HttpServletRequest request,
      OrganizationId organization,
      Files files,
      ServerSettings settings) {
    ByteSize limit = new ByteSize(settings.contentLimit().bytes() + FRAMING_BYTES);
    try {
      FileUpload upload = new FileUpload(MultipartBody.parts(request, limit, "file"));
      return upload.store(organization, files, settings.contentLimit());
    } catch (IOException e) {
      throw MultipartBody.malformed("file", e);
    }
  }

  private StoredFile store(OrganizationId organization, Files files, ByteSize limit)
      throws IOException {
    while (parts.hasNext()) {
      FileItemInput part = parts.next();
      if (!"file".equals(part.getFieldName())) {
        field(part);
        continue;
      }
      String filename = MultipartBody.filename(part, "file");
      String mimeType =
          part.getContentType() == null ? "application/octet-stream" : part.getContentType();
      InputStream content = RequestBody.limited(part.getInputStream(), limit);
      return files.upload(organization, filename, mimeType, content, this::expiryAtEnd);
    }
    throw new CaissonException.InvalidRequest("file: Field required");
  }

  /** Reads what comes after the file; called when the file has been read to its end. */
  private Optional<Duration> expiryAtEnd() {
    try {
      while (parts.hasNext()) {
        FileItemInput part = parts.next();
        if ("file".equals(part.getFieldName())) {
          throw new CaissonException.InvalidRequest("file: only one file can be uploaded at once");
        }
        field(part);
      }
    } catch (IOException e) {
      throw MultipartBody.malformed("file", e);
    }
    return expiresIn;
  }

  private void field(FileItemInput part) throws IOException {
    if (!"expires_in_seconds".equals(part.getFieldName())) {
      throw new CaissonException.InvalidRequest(
          Clip.word("" + part.getFieldName()) + ": Extra inputs are not permitted");
    }
    expiresIn = Optional.of(expiry(MultipartBody.text(part, FIELD_LIMIT)));
  }

  private static Duration expiry(String text) {
    try {
      long seconds = Long.parseLong(text);
      if (seconds >= MIN_EXPIRY_SECONDS && seconds <= MAX_EXPIRY_SECONDS) {
        return Duration.ofSeconds(seconds);
      }
    } catch (NumberFormatException e) {
      throw new CaissonException.InvalidRequest(
          "expires_in_seconds: Input should be a valid integer");
    }
    throw new CaissonException.InvalidRequest(
        "expires_in_seconds: Input should be between "
            + MIN_EXPIRY_SECONDS
            + " and "
            + MAX_EXPIRY_SECONDS);
  }
}
