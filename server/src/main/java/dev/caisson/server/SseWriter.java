package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.ServerSentEvent;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.databind.JsonNode;

/**
 * Writes a stream of events, each flushed at once, with a ping after every silence. The reply
 * begins with the first event or ping. A client that does not read makes a send wait; one that has
 * gone makes it do nothing, and interrupts the thread that made the writer. For use from many
 * threads; closing it ends the pings.
 */
final class SseWriter implements AutoCloseable {
  private final Exchange exchange;
  private final Duration ping;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition closing = lock.newCondition();
  private final Thread worker = Thread.currentThread();
  private boolean pinging;
  private boolean begun;
  private boolean closed;
  private boolean clientGone;
  private long lastSentNanos = System.nanoTime();

  SseWriter(Exchange exchange, Duration ping) {
    this.exchange = exchange;
    this.ping = ping;
  }

  /** Pings even before the first event; a ping as well begins the reply. */
  void pingFromNowOn() {
    lock.lock();
    try {
      if (!pinging) {
        pinging = true;
        lastSentNanos = System.nanoTime();
        Thread.ofVirtual().name("ping-" + exchange.requestId()).start(this::sendPings);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the reply has begun, so that its status can no longer change. */
  boolean begun() {
    lock.lock();
    try {
      return begun;
    } finally {
      lock.unlock();
    }
  }

  void send(String name, JsonNode data) {
    byte[] bytes = new ServerSentEvent(name, data).bytes();
    lock.lock();
    try {
      if (closed || clientGone) {
        return;
      }
      exchange.record().ifPresent(record -> record.write(bytes));
      OutputStream out = begin();
      out.write(bytes);
      out.flush();
      lastSentNanos = System.nanoTime();
    } catch (IOException e) {
      clientGone = true;
      exchange.record().ifPresent(ReplyRecord::giveUp);
      worker.interrupt();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the stream with an error; throws it when the reply has not begun and can still be an error
   * reply.
   */
  void fail(RuntimeException error) {
    if (!begun()) {
      throw error;
    }
    CaissonException told = ErrorReplies.told(error, exchange.requestId());
    send(ServerSentEvent.ERROR, ErrorJson.write(told, exchange.requestId()));
  }

  /** Javalin's own output stream holds flushed events back; the servlet's does not. */
  private OutputStream begin() throws IOException {
    HttpServletResponse response = exchange.context().res();
    if (!begun) {
      begun = true;
      response.setStatus(200);
      response.setContentType("text/event-stream; charset=utf-8");
      response.setHeader("cache-control", "no-cache");
      response.setHeader("x-accel-buffering", "no");
      pingFromNowOn();
    }
    return response.getOutputStream();
  }

  private void sendPings() {
    lock.lock();
    try {
      while (!closed && !clientGone) {
        long silent = System.nanoTime() - lastSentNanos;
        if (silent >= ping.toNanos()) {
          send(ServerSentEvent.PING, Json.object().put("type", ServerSentEvent.PING));
        } else {
          closing.await(ping.toNanos() - silent, TimeUnit.NANOSECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Returns when no ping can be written any more: the response is the container's again. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      closing.signalAll();
      if (clientGone) {
        // Our own interruption may have come when the work was over.
        Thread.interrupted();
      }
    } finally {
      lock.unlock();
    }
  }
}
