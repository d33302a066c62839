package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hash of a request's body, taken while the body is read. What a multipart form puts between
 * its parts is left out: clients make it up anew each time they send the same form. For one thread.
 */
final class BodyDigest {
  private static final Pattern BOUNDARY =
      Pattern.compile("boundary=(?:\"([^\"]+)\"|([^;\\s]+))", Pattern.CASE_INSENSITIVE);

  private final MessageDigest digest;
  private final byte[] left;
  private final int[] fallback;
  private final byte[] kept = new byte[8192];
  private int keptCount;
  private int matched;

  /**
   * @param contentType of the request
   */
  BodyDigest(@Nullable String contentType) {
    this.left = boundary(contentType);
    this.fallback = fallback(left);
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new CaissonException.Internal("this Java has no SHA-256", e);
    }
  }

  private static byte[] boundary(@Nullable String contentType) {
    if (contentType == null || !contentType.regionMatches(true, 0, "multipart/", 0, 10)) {
      return new byte[0];
    }
    Matcher matcher = BOUNDARY.matcher(contentType);
    if (!matcher.find()) {
      return new byte[0];
    }
    String boundary = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    return boundary.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** How much of the boundary may still have begun where one more byte of it fails to follow. */
  private static int[] fallback(byte[] pattern) {
    int[] fallback = new int[pattern.length];
    int length = 0;
    for (int i = 1; i < pattern.length; i++) {
      while (length > 0 && pattern[i] != pattern[length]) {
        length = fallback[length - 1];
      }
      if (pattern[i] == pattern[length]) {
        length++;
      }
      fallback[i] = length;
    }
    return fallback;
  }

  void update(byte[] bytes, int offset, int length) {
    if (left.length == 0) {
      digest.update(bytes, offset, length);
      return;
    }
    for (int i = offset; i < offset + length; i++) {
      take(bytes[i]);
    }
  }

  private void take(byte next) {
    while (matched > 0 && left[matched] != next) {
      int still = fallback[matched - 1];
      for (int i = 0; i < matched - still; i++) {
        keep(left[i]);
      }
      matched = still;
    }
    if (left[matched] != next) {
      keep(next);
    } else if (++matched == left.length) {
      matched = 0;
    }
  }

  private void keep(byte one) {
    if (keptCount == kept.length) {
      flush();
    }
    kept[keptCount++] = one;
  }

  private void flush() {
    digest.update(kept, 0, keptCount);
    keptCount = 0;
  }

  /** In lower-case hex; ends the digest. */
  String hex() {
    for (int i = 0; i < matched; i++) {
      keep(left[i]);
    }
    matched = 0;
    flush();
    return HexFormat.of().formatHex(digest.digest());
  }
}
