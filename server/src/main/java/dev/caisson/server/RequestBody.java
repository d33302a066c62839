package dev.caisson.server;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * The body of a request as a stream that ends at a limit. That a client stops sending, or sends
 * nonsense, is the client's failure: it is an {@link CaissonException.InvalidRequest}, never an
 * error of ours.
 */
final class RequestBody extends FilterInputStream {
  private final ByteSize limit;
  private long taken;

  private RequestBody(InputStream body, ByteSize limit) {
    super(body);
    this.limit = limit;
  }

  /** The body as it comes. */
  static InputStream stream(HttpServletRequest request, ByteSize limit) {
    if (request.getContentLengthLong() > limit.bytes()) {
      throw tooLarge(limit);
    }
    try {
      return new RequestBody(request.getInputStream(), limit);
    } catch (IOException e) {
      throw incomplete(e);
    }
  }

  /** A part of a body, under a limit of its own. */
  static InputStream limited(InputStream part, ByteSize limit) {
    return new RequestBody(part, limit);
  }

  /** All of the body. */
  static byte[] whole(HttpServletRequest request, ByteSize limit) {
    ByteArrayOutputStream bytes =
        new ByteArrayOutputStream(Math.clamp(request.getContentLengthLong(), 32, 1 << 20));
    try (InputStream body = stream(request, limit)) {
      body.transferTo(bytes);
    } catch (IOException e) {
      throw incomplete(e);
    }
    return bytes.toByteArray();
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) {
    int count;
    try {
      count = in.read(buffer, offset, length);
    } catch (IOException | IllegalStateException e) {
      throw incomplete(e);
    }
    if (count > 0) {
      taken += count;
      if (taken > limit.bytes()) {
        throw tooLarge(limit);
      }
    }
    return count;
  }

  private static CaissonException tooLarge(ByteSize limit) {
    return new CaissonException.TooLarge(
        "request body: over the limit of " + limit.bytes() + " bytes");
  }

  private static CaissonException incomplete(Exception cause) {
    CaissonException error =
        new CaissonException.InvalidRequest("request body: could not be read to its end");
    error.initCause(cause);
    return error;
  }
}
