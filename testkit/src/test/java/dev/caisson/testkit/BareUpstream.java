package dev.caisson.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Locale;

/** An upstream that sees its connections, which an HTTP server would hide. */
final class BareUpstream implements AutoCloseable {
  private final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());

  BareUpstream() throws IOException {}

  interface Conversation {
    void hold(Socket connection) throws IOException;
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + listening.getLocalPort());
  }

  /** Holds a conversation with the next that connects, after its request has been read. */
  void serve(Conversation conversation) {
    Thread.ofVirtual()
        .start(() -> {
          try (Socket connection = listening.accept()) {
            readRequest(connection.getInputStream());
            conversation.hold(connection);
          } catch (IOException e) {
            // The test sees what did not happen.
          }
        });
  }

  static void readRequest(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    String length =
        head.toString()
            .lines()
            .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
            .findFirst()
            .orElseThrow()
            .substring("content-length:".length());
    in.readNBytes(Integer.parseInt(length.strip()));
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
