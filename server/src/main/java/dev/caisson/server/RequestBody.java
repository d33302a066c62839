package dev.caisson.server;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request as a stream that ends at a limit. That a client stops sending, or sends
 * nonsense, is the client's failure: it is an {@link CaissonException.InvalidRequest}, never an
 * error of ours.
 */
final class RequestBody extends FilterInputStream {
  /** Most of what is refused for its size is not much larger than the limit. */
  private static final ByteSize DRAIN_LIMIT = ByteSize.ofMebibytes(128);

  private static final Duration DRAIN_TIME = Duration.ofSeconds(10);

  private static final String DIGEST = "caisson.body-digest";
  private static final String PATIENCE = "caisson.body-patience";

  /** A client that sends less for long means to hold a thread of ours, or may as well give up. */
  private static final long SLOWEST_BYTES_PER_SECOND = 1_000;

  private final ByteSize limit;
  private final @Nullable BodyDigest digest;
  private final @Nullable Duration patience;
  private long taken;
  private long waitedNanos;

  private RequestBody(
      InputStream body, ByteSize limit, @Nullable BodyDigest digest, @Nullable Duration patience) {
    super(body);
    this.patience = patience;
    this.limit = limit;
    this.digest = digest;
  }

  /** How long its body may be waited for before it must come at a certain speed. */
  static void patience(HttpServletRequest request, Duration patience) {
    request.setAttribute(PATIENCE, patience);
  }

  /** From here on what is read of the body goes through a digest as well. */
  static void digest(HttpServletRequest request, BodyDigest digest) {
    request.setAttribute(DIGEST, digest);
  }

  /** Reads the body to its end for nothing but its digest. */
  static void skip(HttpServletRequest request, ByteSize limit) {
    try (InputStream body = stream(request, limit)) {
      body.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw incomplete(e);
    }
  }

  /** The body as it comes. */
  static InputStream stream(HttpServletRequest request, ByteSize limit) {
    if (request.getContentLengthLong() > limit.bytes()) {
      throw tooLarge(limit);
    }
    try {
      BodyDigest digest = (BodyDigest) request.getAttribute(DIGEST);
      Duration patience = (Duration) request.getAttribute(PATIENCE);
      return new RequestBody(request.getInputStream(), limit, digest, patience);
    } catch (IOException e) {
      throw incomplete(e);
    }
  }

  /** A part of a body, under a limit of its own. */
  static InputStream limited(InputStream part, ByteSize limit) {
    return new RequestBody(part, limit, null, null);
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

  /** Whether the client may still be sending what nobody has read. */
  static boolean isUnread(HttpServletRequest request) {
    try {
      return !request.getInputStream().isFinished();
    } catch (IOException | IllegalStateException e) {
      return false;
    }
  }

  /**
   * Reads away what a client goes on to send after it was refused. Closing the connection in its
   * face would lose it the reply: many clients read none before they have sent all. Not for ever,
   * and nothing for a client that waits to be told to go on.
   */
  static void drain(HttpServletRequest request) {
    if (request.getHeader("expect") != null) {
      return;
    }
    Duration patience = (Duration) request.getAttribute(PATIENCE);
    boolean shorter = patience != null && patience.compareTo(DRAIN_TIME) < 0;
    long end = System.nanoTime() + (shorter ? patience : DRAIN_TIME).toNanos();
    long left = DRAIN_LIMIT.bytes();
    byte[] buffer = new byte[1 << 16];
    try {
      InputStream body = request.getInputStream();
      int count = 0;
      while (count >= 0 && left > 0 && System.nanoTime() - end < 0) {
        count = body.read(buffer);
        left -= Math.max(0, count);
      }
    } catch (IOException | IllegalStateException e) {
      return; // it has gone, or sends nonsense
    }
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) {
    int count;
    long begun = System.nanoTime();
    try {
      count = in.read(buffer, offset, length);
    } catch (IOException | IllegalStateException e) {
      throw incomplete(e);
    }
    waitedNanos += System.nanoTime() - begun;
    if (count > 0) {
      taken += count;
      refuseSlow();
      if (taken > limit.bytes()) {
        throw tooLarge(limit);
      }
      if (digest != null) {
        digest.update(buffer, offset, count);
      }
    }
    return count;
  }

  /** Only time in which we waited for the client counts, not what we took over its bytes. */
  private void refuseSlow() {
    if (patience == null || waitedNanos < patience.toNanos()) {
      return;
    }
    if (taken / (waitedNanos / 1e9) < SLOWEST_BYTES_PER_SECOND) {
      throw new CaissonException.InvalidRequest(
          "request body: came with less than " + SLOWEST_BYTES_PER_SECOND + " bytes a second");
    }
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
