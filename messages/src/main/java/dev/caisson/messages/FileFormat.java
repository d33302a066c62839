package dev.caisson.messages;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Formats that a model sees as they are and not as text, known by their first and last bytes. */
enum FileFormat {
  PNG("image", "image/png"),
  JPEG("image", "image/jpeg"),
  GIF("image", "image/gif"),
  WEBP("image", "image/webp"),
  PDF("pdf", "application/pdf");

  /** The smallest file that one of these can be. */
  private static final int SMALLEST = 14;

  /** Where the end of a PDF is looked for; readers do the same. */
  private static final int PDF_END_BYTES = 1024;

  private final String fileType;
  private final String mediaType;

  FileFormat(String fileType, String mediaType) {
    this.fileType = fileType;
    this.mediaType = mediaType;
  }

  /** What a view result calls it: {@code image} or {@code pdf}. */
  String fileType() {
    return fileType;
  }

  String mediaType() {
    return mediaType;
  }

  /**
   * The format of a file with this content; empty for text and all else. Beginning and end must
   * both be right: a model's API refuses the whole conversation for an image that is none.
   */
  static Optional<FileFormat> of(byte[] content) {
    if (content.length < SMALLEST) {
      return Optional.empty();
    }
    String head = new String(content, 0, SMALLEST, StandardCharsets.ISO_8859_1);
    int end = Math.max(0, content.length - PDF_END_BYTES);
    String tail = new String(content, end, content.length - end, StandardCharsets.ISO_8859_1);
    if (head.startsWith("\u0089PNG\r\n\u001a\n")) {
      return only(PNG, tail.contains("IEND\u00aeB`\u0082"));
    }
    if (head.startsWith("\u00ff\u00d8\u00ff")) {
      return only(JPEG, tail.contains("\u00ff\u00d9"));
    }
    if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) {
      return only(GIF, tail.endsWith("\u0000;"));
    }
    if (head.startsWith("RIFF") && head.startsWith("WEBPVP", 8)) {
      int size = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
      return only(WEBP, size > 0 && size <= content.length - 8);
    }
    return only(PDF, head.matches("(?s)%PDF-\\d\\.\\d.*") && tail.contains("%%EOF"));
  }

  private static Optional<FileFormat> only(FileFormat format, boolean isWhole) {
    return isWhole ? Optional.of(format) : Optional.empty();
  }

  /** The format of a file whose content is written in base64; empty when it is none of these. */
  static Optional<FileFormat> ofBase64(String content) {
    try {
      return of(Base64.getDecoder().decode(content));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
