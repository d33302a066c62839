package dev.caisson.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A package index that takes every question and answers none. */
final class SilentIndex implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> asked = new CopyOnWriteArrayList<>();
  private final CountDownLatch question = new CountDownLatch(1);

  SilentIndex() throws IOException {
    Thread.ofVirtual()
        .name("silent-index")
        .start(() -> {
          try {
            while (true) {
              asked.add(server.accept());
              question.countDown();
            }
          } catch (IOException e) {
            // Closed: the test is over.
          }
        });
  }

  String url() {
    return "http://127.0.0.1:" + server.getLocalPort() + "/simple";
  }

  void awaitQuestion(Duration patience) throws InterruptedException {
    if (!question.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("nobody asked within " + patience);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : asked) {
      socket.close();
    }
  }
}
