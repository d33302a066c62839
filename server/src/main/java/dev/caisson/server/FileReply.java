package dev.caisson.server;

import dev.caisson.domain.FileContent;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Sends a file that untrusted code may have written: always as a download, never for a browser to
 * interpret.
 */
final class FileReply {
  private FileReply() {}

  /**
   * Sends the content, as a part when a part was asked for.
   *
   * @param offset where the content starts in the file
   */
  static void send(
      Context context,
      FileContent content,
      String filename,
      String type,
      boolean part,
      long offset) {
    headers(context, filename, type);
    context.header("content-length", Long.toString(content.lengthBytes()));
    if (part) {
      context.status(206);
      context.header(
          "content-range",
          "bytes "
              + offset
              + "-"
              + (offset + content.lengthBytes() - 1)
              + "/"
              + content.totalBytes());
    }
    try (content) {
      copy(content.stream(), context.res().getOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The headers of a file, for a HEAD request. */
  static void describe(Context context, String filename, String type, long sizeBytes) {
    headers(context, filename, type);
    context.header("content-length", Long.toString(sizeBytes));
  }

  private static void headers(Context context, String filename, String type) {
    context.contentType(type);
    context.header("accept-ranges", "bytes");
    context.header("content-disposition", disposition(filename));
  }

  /** RFC 6266 with RFC 8187: every name can be written, and none can break out of the header. */
  static String disposition(String filename) {
    String encoded = URLEncoder.encode(filename, StandardCharsets.UTF_8).replace("+", "%20");
    return "attachment; filename*=utf-8''" + encoded;
  }

  private static void copy(InputStream from, OutputStream to) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
      to.write(buffer, 0, count);
    }
    to.flush();
  }
}
