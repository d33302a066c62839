package dev.caisson.messages;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Takes server-sent events out of bytes as they come, however they are cut (WHATWG HTML,
 * "Interpreting an event stream"). Names and ids of events are passed over: the data of every event
 * of the Messages API says its type. For one thread.
 */
final class EventReader {
  private static final String BYTE_ORDER_MARK = "\uFEFF";
  private static final String DATA = "data";

  private final Source source;
  private final Queue<String> ready = new ArrayDeque<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private boolean hasData;
  private boolean afterReturn;
  private boolean firstLine = true;

  EventReader(Source source) {
    this.source = source;
  }

  /** Where bytes come from. */
  @FunctionalInterface
  interface Source {
    /** The next bytes, however many; null at the end. Blocks until there are some. */
    @Nullable ByteBuffer next() throws IOException, InterruptedException;
  }

  /** The data of the next event; null at the end. An event that was cut short is none. */
  @Nullable String next() throws IOException, InterruptedException {
    while (ready.isEmpty()) {
      ByteBuffer bytes = source.next();
      if (bytes == null) {
        return null;
      }
      while (bytes.hasRemaining()) {
        take(bytes.get());
      }
    }
    return ready.remove();
  }

  private void take(byte next) {
    if (next == '\n' && afterReturn) {
      afterReturn = false;
      return;
    }
    afterReturn = next == '\r';
    if (next == '\n' || next == '\r') {
      endLine();
    } else {
      line.write(next);
    }
  }

  private void endLine() {
    String text = line.toString(StandardCharsets.UTF_8);
    if (firstLine && text.startsWith(BYTE_ORDER_MARK)) {
      text = text.substring(BYTE_ORDER_MARK.length());
    }
    firstLine = false;
    line.reset();
    if (text.isEmpty()) {
      endEvent();
      return;
    }
    int colon = text.indexOf(':');
    String field = colon < 0 ? text : text.substring(0, colon);
    if (field.equals(DATA)) {
      String value = colon < 0 ? "" : text.substring(colon + 1);
      data.append(hasData ? "\n" : "").append(value.startsWith(" ") ? value.substring(1) : value);
      hasData = true;
    }
  }

  private void endEvent() {
    if (hasData) {
      ready.add(data.toString());
    }
    data.setLength(0);
    hasData = false;
  }
}
