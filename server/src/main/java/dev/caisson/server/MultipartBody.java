package dev.caisson.server;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Clip;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import org.apache.commons.fileupload2.core.DiskFileItem;
import org.apache.commons.fileupload2.core.DiskFileItemFactory;
import org.apache.commons.fileupload2.core.FileItemInput;
import org.apache.commons.fileupload2.core.FileItemInputIterator;
import org.apache.commons.fileupload2.core.RequestContext;
import org.apache.commons.fileupload2.jakarta.servlet6.JakartaServletFileUpload;

/** A multipart form whose parts are read from the socket as they come. */
final class MultipartBody {
  private MultipartBody() {}

  /**
   * The parts of a form.
   *
   * @param limit of the whole body
   * @param field the part that complaints name
   */
  static FileItemInputIterator parts(HttpServletRequest request, ByteSize limit, String field)
      throws IOException {
    String type = request.getContentType();
    if (type == null || !type.regionMatches(true, 0, "multipart/form-data", 0, 19)) {
      throw new CaissonException.InvalidRequest(
          field + ": Expected a multipart/form-data upload, received: " + Clip.word("" + type));
    }
    JakartaServletFileUpload<DiskFileItem, DiskFileItemFactory> form =
        new JakartaServletFileUpload<>();
    form.setHeaderCharset(StandardCharsets.UTF_8);
    return form.getItemIterator(new Body(type, request, limit));
  }

  /** The name of the file in a part, which it must have. */
  static String filename(FileItemInput part, String field) {
    String filename;
    try {
      filename = part.getName();
    } catch (InvalidPathException e) {
      throw new CaissonException.InvalidRequest(field + ": the filename has a NUL character");
    }
    if (filename == null || filename.isEmpty()) {
      throw new CaissonException.InvalidRequest(
          field + ": Expected UploadFile: the part needs a filename");
    }
    return filename;
  }

  /** The text of a part that is no file. */
  static String text(FileItemInput part, ByteSize limit) throws IOException {
    byte[] text = RequestBody.limited(part.getInputStream(), limit).readAllBytes();
    return new String(text, StandardCharsets.UTF_8).strip();
  }

  static CaissonException malformed(String field, IOException cause) {
    CaissonException error =
        new CaissonException.InvalidRequest(field + ": the multipart form is malformed");
    error.initCause(cause);
    return error;
  }

  /** The request as the multipart parser sees it. */
  private record Body(String type, HttpServletRequest request, ByteSize limit)
      implements RequestContext {
    @Override
    public String getCharacterEncoding() {
      return StandardCharsets.UTF_8.name();
    }

    @Override
    public long getContentLength() {
      return request.getContentLengthLong();
    }

    @Override
    public String getContentType() {
      return type;
    }

    @Override
    public InputStream getInputStream() {
      return RequestBody.stream(request, limit);
    }

    @Override
    public boolean isMultipartRelated() {
      return false;
    }
  }
}
