package dev.caisson.server;

import dev.caisson.domain.ByteRange;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One byte range of a {@code Range} header (RFC 9110, section 14). Anything else, several ranges
 * included, is ignored as the RFC allows, and the whole file is sent.
 *
 * @param first offset, or empty for a suffix
 * @param last offset, both ends included; for a suffix the number of bytes from the end
 */
record HttpRange(Optional<Long> first, Optional<Long> last) {
  private static final Pattern FORM = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

  /** The range asked for; empty when the whole file is wanted. */
  static Optional<HttpRange> parse(@Nullable String header) {
    if (header == null) {
      return Optional.empty();
    }
    Matcher matcher = FORM.matcher(header.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Optional<Long> first = number(matcher.group(1));
    Optional<Long> last = number(matcher.group(2));
    boolean backwards = first.isPresent() && last.isPresent() && last.get() < first.get();
    return backwards || (first.isEmpty() && last.isEmpty())
        ? Optional.empty()
        : Optional.of(new HttpRange(first, last));
  }

  /** Whether the size of the file must be known to tell where the range starts. */
  boolean isSuffix() {
    return first.isEmpty();
  }

  /** The range within a file; {@code totalBytes} matters for a suffix only. */
  ByteRange in(long totalBytes) {
    if (first.isEmpty()) {
      long wanted = last.orElse(0L);
      long length = Math.min(wanted, totalBytes);
      // A suffix of 0 bytes starts past the end, and is to be refused as such.
      return new ByteRange(wanted == 0 ? totalBytes + 1 : totalBytes - length, length);
    }
    long start = first.get();
    return new ByteRange(start, last.map(end -> end - start + 1).orElse(Long.MAX_VALUE));
  }

  private static Optional<Long> number(String digits) {
    return digits.isEmpty() ? Optional.empty() : Optional.of(Long.parseLong(digits));
  }
}
