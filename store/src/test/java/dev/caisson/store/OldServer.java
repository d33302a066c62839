package dev.caisson.store;

import dev.caisson.store.testing.TemporaryPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Stands before a real server and has it say that it is PostgreSQL 13.4, as a server of that age
 * does in the first parameters that it sends.
 */
final class OldServer implements AutoCloseable {
  private static final byte[] VERSION = "server_version\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OLD = "13.4".getBytes(StandardCharsets.US_ASCII);

  private final ServerSocket listening;
  private final String url;

  private OldServer(ServerSocket listening, String url) {
    this.listening = listening;
    this.url = url;
  }

  static OldServer before(TemporaryPostgres server) throws IOException {
    ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    String direct = server.url(TemporaryPostgres.PASSWORD, "postgres");
    String behind = direct.substring(direct.indexOf("@127.0.0.1:") + 11, direct.lastIndexOf('/'));
    OldServer old =
        new OldServer(
            listening, direct.replace(":" + behind + "/", ":" + listening.getLocalPort() + "/"));
    Thread.ofVirtual().start(() -> old.serve(Integer.parseInt(behind)));
    return old;
  }

  String url() {
    return url;
  }

  private void serve(int behind) {
    try {
      while (true) {
        Socket client = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), behind);
        Thread.ofVirtual().start(() -> copy(client, server, false));
        Thread.ofVirtual().start(() -> copy(server, client, true));
      }
    } catch (IOException e) {
      // closed: the test is over
    }
  }

  private static void copy(Socket from, Socket to, boolean age) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[65536];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (age) {
          makeOld(buffer, count);
        }
        out.write(buffer, 0, count);
      }
    } catch (IOException e) {
      // the other side has hung up
    }
  }

  /** Keeps the length of the message: the rest of the version becomes spaces. */
  private static void makeOld(byte[] buffer, int count) {
    for (int i = 0; i + VERSION.length < count; i++) {
      if (Arrays.equals(buffer, i, i + VERSION.length, VERSION, 0, VERSION.length)) {
        int value = i + VERSION.length;
        for (int j = value; buffer[j] != 0; j++) {
          buffer[j] = j - value < OLD.length ? OLD[j - value] : (byte) ' ';
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}
