package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A streamed reply over a plain socket: byte for byte what the server sends, as it sends it. */
final class EventSocket implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final int status;
  private final Map<String, String> headers = new TreeMap<>();
  private int chunkLeft;
  private boolean ended;

  /** An event: its name, and its data as it stands. */
  record Event(String name, String data) {
    JsonNode json() {
      return Json.parse(data, "event");
    }

    @Override
    public String toString() {
      return name + " " + data;
    }
  }

  private EventSocket(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
    this.status = Integer.parseInt(rawLine().split(" ", 3)[1]);
    for (String line = rawLine(); !line.isEmpty(); line = rawLine()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
  }

  /** Sends a message's request and waits for the head of the reply. */
  static EventSocket message(RunningCaisson caisson, JsonNode request) {
    try {
      return new EventSocket(send(caisson, request, 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Sends a message's request and waits for nothing.
   *
   * @param bufferBytes of what has come and was not read; 0 leaves it to the system
   */
  static Socket send(RunningCaisson caisson, JsonNode request, int bufferBytes) throws IOException {
    byte[] body = Json.bytes(request);
    String head =
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\nanthropic-version: 2023-06-01\r\nx-api-key: "
            + caisson.key()
            + "\r\ncontent-length: "
            + body.length
            + "\r\n\r\n";
    Socket socket = new Socket();
    if (bufferBytes > 0) {
      socket.setReceiveBufferSize(bufferBytes);
    }
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), caisson.url().getPort()));
    socket.setSoTimeout(30_000);
    socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().write(body);
    socket.getOutputStream().flush();
    return socket;
  }

  int status() {
    return status;
  }

  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** The next event, as soon as it is there; null when the reply has ended in good order. */
  @Nullable Event next() {
    try {
      String name = line();
      if (name == null) {
        return null;
      }
      String data = String.valueOf(line());
      String blank = String.valueOf(line());
      if (!name.startsWith("event: ") || !data.startsWith("data: ") || !blank.isEmpty()) {
        throw new AssertionError("not an event: " + name + " / " + data + " / " + blank);
      }
      return new Event(name.substring("event: ".length()), data.substring("data: ".length()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All events to the end. */
  List<Event> rest() {
    List<Event> events = new ArrayList<>();
    for (Event event = next(); event != null; event = next()) {
      events.add(event);
    }
    return events;
  }

  /** Reads events up to one of this name, and gives it. */
  Event until(String name) {
    for (Event event = next(); event != null; event = next()) {
      if (event.name().equals(name)) {
        return event;
      }
    }
    throw new AssertionError("the reply ended before " + name);
  }

  private @Nullable String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int one = body(); one != '\n'; one = body()) {
      if (one < 0) {
        if (line.size() > 0) {
          throw new EOFException("the reply ends within a line: " + line);
        }
        return null;
      }
      line.write(one);
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  /** A byte of the chunked body; -1 after the last chunk. */
  private int body() throws IOException {
    if (ended) {
      return -1;
    }
    if (chunkLeft == 0) {
      // The line break that ends a chunk may come no sooner than the next chunk.
      String size = rawLine();
      chunkLeft = Integer.parseInt(size.isEmpty() ? rawLine() : size, 16);
      if (chunkLeft == 0) {
        rawLine();
        ended = true;
        return -1;
      }
    }
    chunkLeft--;
    return raw();
  }

  private String rawLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int one = raw(); one != '\n'; one = raw()) {
      line.write(one);
    }
    return line.toString(StandardCharsets.UTF_8).stripTrailing();
  }

  private int raw() throws IOException {
    int one = in.read();
    if (one < 0) {
      throw new EOFException("the connection broke");
    }
    return one;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
