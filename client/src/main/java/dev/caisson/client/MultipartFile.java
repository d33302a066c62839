package dev.caisson.client;

import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** A form with one part {@code file}, sent as its content comes (RFC 7578). */
final class MultipartFile {
  private final String boundary = "caisson-" + UUID.randomUUID();
  private final String filename;
  private final String mimeType;
  private final InputStream content;

  MultipartFile(String filename, String mimeType, InputStream content) {
    this.filename = filename;
    this.mimeType = mimeType;
    this.content = content;
  }

  String contentType() {
    return "multipart/form-data; boundary=" + boundary;
  }

  BodyPublisher body() {
    String head =
        "--"
            + boundary
            + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
            + escaped(filename)
            + "\"\r\nContent-Type: "
            + escaped(mimeType)
            + "\r\n\r\n";
    return BodyPublishers.concat(
        BodyPublishers.ofString(head, StandardCharsets.UTF_8),
        BodyPublishers.ofInputStream(() -> content),
        BodyPublishers.ofString("\r\n--" + boundary + "--\r\n", StandardCharsets.UTF_8));
  }

  /** What could end the quoted text, or the line (WHATWG HTML, "Multipart form data"). */
  private static String escaped(String text) {
    return text.replace("\"", "%22").replace("\r", "%0D").replace("\n", "%0A");
  }
}
