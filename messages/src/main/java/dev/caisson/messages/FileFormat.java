package dev.caisson.messages;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/** Formats that a model sees as they are and not as text, known by their first bytes. */
enum FileFormat {
  PNG("image", "image/png"),
  JPEG("image", "image/jpeg"),
  GIF("image", "image/gif"),
  WEBP("image", "image/webp"),
  PDF("pdf", "application/pdf");

  /** As much of a file as {@link #of} looks at. */
  static final int HEAD_BYTES = 12;

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

  /** The format of a file that begins like this; empty for text and all else. */
  static Optional<FileFormat> of(byte[] head) {
    String start =
        new String(
            Arrays.copyOf(head, Math.min(head.length, HEAD_BYTES)), StandardCharsets.ISO_8859_1);
    if (start.startsWith("\u0089PNG\r\n\u001a\n")) {
      return Optional.of(PNG);
    }
    if (start.startsWith("\u00ff\u00d8\u00ff")) {
      return Optional.of(JPEG);
    }
    if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) {
      return Optional.of(GIF);
    }
    if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
      return Optional.of(WEBP);
    }
    return start.startsWith("%PDF-") ? Optional.of(PDF) : Optional.empty();
  }

  /** The format of a file whose content is written in base64; empty when it is none of these. */
  static Optional<FileFormat> ofBase64(String content) {
    int characters = Math.min(content.length(), 4 * Math.ceilDiv(HEAD_BYTES, 3));
    try {
      return of(Base64.getDecoder().decode(content.substring(0, characters)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
