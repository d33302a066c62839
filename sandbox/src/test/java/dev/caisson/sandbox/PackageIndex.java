package dev.caisson.sandbox;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A package index (PEP 503) over a directory of wheels, on the loopback. */
final class PackageIndex implements AutoCloseable {
  private final HttpServer server;
  private final Path wheels;
  private final AtomicInteger downloads = new AtomicInteger();

  PackageIndex(Path wheels) throws IOException {
    this.wheels = wheels;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/simple/", this::page);
    server.createContext("/wheels/", this::wheel);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/simple/";
  }

  /** How many wheels were fetched. */
  int downloads() {
    return downloads.get();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void page(HttpExchange exchange) throws IOException {
    String name = exchange.getRequestURI().getPath().replaceFirst("^/simple/", "").replace("/", "");
    StringBuilder page = new StringBuilder("<!DOCTYPE html><html><body>\n");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(wheels, "*.whl")) {
      for (Path file : files) {
        String wheel = file.getFileName().toString();
        if (name.isEmpty() || wheel.startsWith(name + "-")) {
          page.append("<a href=\"/wheels/" + wheel + "\">" + wheel + "</a>\n");
        }
      }
    }
    answer(
        exchange,
        "text/html",
        page.append("</body></html>").toString().getBytes(StandardCharsets.UTF_8));
  }

  private void wheel(HttpExchange exchange) throws IOException {
    String name = exchange.getRequestURI().getPath().replaceFirst("^/wheels/", "");
    downloads.incrementAndGet();
    answer(exchange, "application/zip", Files.readAllBytes(wheels.resolve(name)));
  }

  private static void answer(HttpExchange exchange, String type, byte[] content)
      throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", type);
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(200, head ? -1 : content.length);
      if (!head) {
        exchange.getResponseBody().write(content);
      }
    }
  }
}
