package dev.caisson.testkit;

import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.ServerSentEvent;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a scripted model streams a reply: its events, and what becomes of them on the way. Immutable;
 * each method gives a changed copy. Events are counted from 0, pings among them.
 */
public final class StreamedReply {
  /** A few words, as models send them. */
  private static final int CHUNK_CHARS = 12;

  private final List<Step> steps;
  private final boolean cut;
  private final int pieceBytes;

  private StreamedReply(List<Step> steps, boolean cut, int pieceBytes) {
    this.steps = List.copyOf(steps);
    this.cut = cut;
    this.pieceBytes = pieceBytes;
  }

  private interface Step {
    void take(OutputStream out) throws IOException, InterruptedException;
  }

  /** A message in small pieces, at once. */
  public static StreamedReply of(ObjectNode message) {
    return of(message, CHUNK_CHARS);
  }

  /** A message in pieces of that many characters. */
  public static StreamedReply of(ObjectNode message, int chunkChars) {
    return events(MessageEvents.of(message, chunkChars));
  }

  /** Any events. */
  public static StreamedReply events(List<ObjectNode> events) {
    return new StreamedReply(
        events.stream().map(StreamedReply::event).toList(), false, Integer.MAX_VALUE);
  }

  /** Any bytes that call themselves a stream of events. */
  public static StreamedReply raw(String text) {
    return new StreamedReply(List.of(bytes(text)), false, Integer.MAX_VALUE);
  }

  /** With a pause before each event: a model that takes its time. */
  public StreamedReply every(Duration pause) {
    List<Step> slowed = new ArrayList<>();
    for (Step step : steps) {
      slowed.add(_ -> Thread.sleep(pause));
      slowed.add(step);
    }
    return new StreamedReply(slowed, cut, pieceBytes);
  }

  /** Sends the events from this one on only when the latch is open. */
  public StreamedReply holdBefore(int event, CountDownLatch latch) {
    List<Step> held = new ArrayList<>(steps);
    held.add(event, _ -> latch.await());
    return new StreamedReply(held, cut, pieceBytes);
  }

  /** Sends that many events and breaks the connection. */
  public StreamedReply cutAfter(int events) {
    return new StreamedReply(steps.subList(0, events), true, pieceBytes);
  }

  /** Sends that many events and ends as if that were all. */
  public StreamedReply endAfter(int events) {
    return new StreamedReply(steps.subList(0, events), false, pieceBytes);
  }

  /** Sends that many events and then an error. */
  public StreamedReply failAfter(int events, int status, String message) {
    List<Step> failing = new ArrayList<>(steps.subList(0, events));
    failing.add(event(ErrorJson.of(status).envelope(message, "req_upstream")));
    return new StreamedReply(failing, false, pieceBytes);
  }

  /** Writes never more than that many bytes at once, wherever that cuts. */
  public StreamedReply inPiecesOf(int bytes) {
    return new StreamedReply(steps, cut, bytes);
  }

  /** Whether the connection is to break at the end. */
  boolean isCut() {
    return cut;
  }

  void write(OutputStream connection) throws IOException, InterruptedException {
    OutputStream out = new Pieces(connection, pieceBytes);
    for (Step step : steps) {
      step.take(out);
    }
  }

  private static Step event(ObjectNode event) {
    byte[] bytes = new ServerSentEvent(event.path("type").asString(), event).bytes();
    return out -> out.write(bytes);
  }

  private static Step bytes(String text) {
    return out -> out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Flushes each piece, so that it travels alone. */
  private static final class Pieces extends OutputStream {
    private final OutputStream out;
    private final int size;

    Pieces(OutputStream out, int size) {
      this.out = out;
      this.size = size;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      for (int done = 0; done < length; ) {
        int count = Math.min(size, length - done);
        out.write(bytes, offset + done, count);
        out.flush();
        done += count;
      }
    }
  }
}
