package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * One HTTP/1.1 request written byte by byte over a connection of its own, for what no client
 * library would send.
 *
 * @param head request line and headers, without the empty line at their end
 * @param body as it is sent, which need not be what the head says
 * @param pauseAfter how many bytes of the body go out before a pause
 * @param pause before the rest of the body goes out
 * @param complete false to end the sending half when the body is out
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record RawRequest(String head, byte[] body, int pauseAfter, Duration pause, boolean complete) {
  private static final int MAX_REPLY = 64 << 20;

  static RawRequest of(String head, byte[] body) {
    return new RawRequest(head, body, body.length, Duration.ZERO, true);
  }

  /**
   * What came back.
   *
   * @param status 0 when the server closed the connection without a reply
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Answer(int status, String head, byte[] body) {
    /** The body as JSON, if that is what it is. */
    Optional<JsonNode> json() {
      if (body.length == 0 || body[0] != '{') {
        return Optional.empty();
      }
      return Optional.of(Json.parse(body, "reply"));
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  /**
   * Sends it and reads the reply to the end of the connection.
   *
   * @param patience between two bytes of the reply
   * @throws java.net.SocketTimeoutException when nothing comes for that long
   */
  Answer send(URI server, Duration patience) throws IOException, InterruptedException {
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
      try {
        write(socket);
      } catch (IOException e) {
        // The server may refuse before it has read all; its reply is still to be read.
        return read(socket.getInputStream());
      }
      return read(socket.getInputStream());
    }
  }

  private void write(Socket socket) throws IOException, InterruptedException {
    OutputStream out = socket.getOutputStream();
    ByteArrayOutputStream first = new ByteArrayOutputStream();
    first.write(head.getBytes(StandardCharsets.ISO_8859_1));
    first.write("\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    first.write(body, 0, pauseAfter);
    out.write(first.toByteArray());
    out.flush();
    if (pauseAfter < body.length) {
      Thread.sleep(pause);
      out.write(body, pauseAfter, body.length - pauseAfter);
      out.flush();
    }
    if (!complete) {
      socket.shutdownOutput();
    }
  }

  private static Answer read(InputStream in) throws IOException {
    byte[] all;
    try {
      all = in.readNBytes(MAX_REPLY);
    } catch (java.net.SocketException e) {
      all = new byte[0]; // reset: the server has closed with bytes of ours unread
    }
    String text = new String(all, StandardCharsets.ISO_8859_1);
    if (text.startsWith("HTTP/1.1 100")) {
      int rest = text.indexOf("\r\n\r\n") + 4;
      all = Arrays.copyOfRange(all, rest, all.length);
      text = text.substring(rest);
    }
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      return new Answer(0, text, new byte[0]);
    }
    String head = text.substring(0, end);
    byte[] body = Arrays.copyOfRange(all, end + 4, all.length);
    boolean chunked = head.toLowerCase(Locale.ROOT).contains("transfer-encoding: chunked");
    return new Answer(Integer.parseInt(head.substring(9, 12)), head, chunked ? joined(body) : body);
  }

  private static byte[] joined(byte[] chunks) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    String text = new String(chunks, StandardCharsets.ISO_8859_1);
    int at = 0;
    while (at < text.length()) {
      int lineEnd = text.indexOf("\r\n", at);
      int size = lineEnd < 0 ? 0 : Integer.parseInt(text.substring(at, lineEnd), 16);
      if (size == 0) {
        break;
      }
      body.write(chunks, lineEnd + 2, Math.min(size, chunks.length - lineEnd - 2));
      at = lineEnd + 2 + size + 2;
    }
    return body.toByteArray();
  }
}
