package dev.caisson.messages;

import dev.caisson.domain.ByteSize;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of an upstream's reply, read as it comes. More is asked for only when all that came has
 * been read, so that a slow reader slows the upstream and memory stays bounded. Read by one thread;
 * interrupting it ends the wait.
 */
final class UpstreamBody implements HttpResponse.BodySubscriber<UpstreamBody>, AutoCloseable {
  /** What follows the last event of a reply is a line break or so. */
  private static final Duration TAIL_WAIT = Duration.ofSeconds(5);

  private final Duration silence;
  private final ByteSize limit;
  private final BlockingQueue<Part> parts = new LinkedBlockingQueue<>();
  private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
  private Iterator<ByteBuffer> current = Collections.emptyIterator();
  private boolean asked = true;
  private boolean ended;
  private long takenBytes;
  private volatile boolean ignored;

  /**
   * @param silence after which the upstream is given up
   * @param limit of the whole body
   */
  UpstreamBody(Duration silence, ByteSize limit) {
    this.silence = silence;
    this.limit = limit;
  }

  /** What the connection brings. */
  private sealed interface Part {
    record Bytes(List<ByteBuffer> buffers) implements Part {}

    record Failure(Throwable cause) implements Part {}

    record End() implements Part {}
  }

  @Override
  public CompletionStage<UpstreamBody> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription.complete(given);
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    if (!ignored) {
      parts.add(new Part.Bytes(buffers));
    }
  }

  @Override
  public void onError(Throwable cause) {
    parts.add(new Part.Failure(cause));
  }

  @Override
  public void onComplete() {
    parts.add(new Part.End());
  }

  /** The next bytes; null at the end. */
  @Nullable ByteBuffer next() throws IOException, InterruptedException {
    while (!current.hasNext() && !ended) {
      if (!asked) {
        subscription.join().request(1);
        asked = true;
      }
      take(parts.poll(silence.toNanos(), TimeUnit.NANOSECONDS));
    }
    if (!current.hasNext()) {
      return null;
    }
    ByteBuffer bytes = current.next();
    takenBytes += bytes.remaining();
    if (takenBytes > limit.bytes()) {
      throw UpstreamFailure.unreadable("the reply is over the limit of " + limit);
    }
    return bytes;
  }

  private void take(@Nullable Part part) throws IOException {
    switch (part) {
      case null -> throw new HttpTimeoutException("silence");
      case Part.Bytes bytes -> {
        current = bytes.buffers().iterator();
        asked = false;
      }
      case Part.Failure failure -> throw new IOException(failure.cause());
      case Part.End _ -> ended = true;
    }
  }

  /** All that is still to come. */
  byte[] rest() throws IOException, InterruptedException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (ByteBuffer bytes = next(); bytes != null; bytes = next()) {
      byte[] piece = new byte[bytes.remaining()];
      bytes.get(piece);
      all.writeBytes(piece);
    }
    return all.toByteArray();
  }

  /**
   * Says that what still comes does not matter: the connection can be used again once it has come,
   * and nobody has to wait for it.
   */
  void ignoreRest() {
    if (ended) {
      return;
    }
    ignored = true;
    ended = true;
    Flow.Subscription connection = subscription.join();
    connection.request(Long.MAX_VALUE);
    CompletableFuture.delayedExecutor(TAIL_WAIT.toMillis(), TimeUnit.MILLISECONDS)
        .execute(connection::cancel);
  }

  /** Closes the connection unless all has been read. */
  @Override
  public void close() {
    if (!ended) {
      subscription.join().cancel();
    }
  }
}
