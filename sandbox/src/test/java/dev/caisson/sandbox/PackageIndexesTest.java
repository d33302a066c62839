package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackageIndexesTest {
  @TempDir Path temporary;

  @Test
  void letsEnvironmentOverrideInstallAndInstallOverrideGlobal() throws Exception {
    String one = temporary.toUri().toString();
    String two = temporary.resolve("absent").toUri().toString();
    String three = Files.createDirectory(temporary.resolve("present")).toUri().toString();

    PackageIndexes indexes =
        PackageIndexes.probe(
            List.of(
                ":env:.index-url='" + one + "'",
                "global.index-url='" + two + "'",
                "install.index-url='" + two + "'",
                "global.extra-index-url='" + two + "\\n" + three + "'",
                "global.find-links='/no/such'",
                "nonsense"),
            Map.of());

    assertThat(indexes.answering()).containsExactly(one, three);
    assertThat(indexes.silent()).containsExactly(two);
    assertThat(indexes.links()).isFalse();
    assertThat(indexes.environment())
        .containsEntry("PIP_INDEX_URL", one)
        .containsEntry("PIP_EXTRA_INDEX_URL", three);
  }

  @Test
  void asksNobodyWhenIndexesAreSwitchedOff() throws Exception {
    PackageIndexes indexes =
        PackageIndexes.probe(
            List.of("global.no-index='true'", ":env:.find-links='" + temporary + "'"), Map.of());

    assertThat(indexes.answering()).isEmpty();
    assertThat(indexes.silent()).isEmpty();
    assertThat(indexes.usable()).isTrue();
    assertThat(indexes.environment()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"200,true", "301,true", "401,true", "404,true", "500,true", "502,false", "503,false"})
  void takesAnyAnswerButAGatewaysExcuse(int status, boolean answers) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
    server.start();
    try {
      String url = "http://user:secret@127.0.0.1:" + server.getAddress().getPort() + "/simple";
      PackageIndexes indexes =
          PackageIndexes.probe(List.of(":env:.index-url='" + url + "'"), Map.of());
      assertThat(indexes.answering()).hasSize(answers ? 1 : 0);
      assertThat(PackageIndexes.shown(url)).doesNotContain("secret");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void waitsOnceForAllThatAreSilent() throws Exception {
    try (SilentIndex one = new SilentIndex();
        SilentIndex two = new SilentIndex()) {
      long start = System.nanoTime();

      PackageIndexes indexes =
          PackageIndexes.probe(
              List.of(
                  ":env:.index-url='" + one.url() + "'",
                  ":env:.extra-index-url='" + two.url() + "'"),
              Map.of());

      assertThat(indexes.silent()).hasSize(2);
      assertThat(indexes.environment()).containsEntry("PIP_NO_INDEX", "1");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(7));
    }
  }

  @Test
  void goesThroughTheProxyThatPipWouldUse() throws Exception {
    HttpServer proxy =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    proxy.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    proxy.start();
    try {
      String address = "http://127.0.0.1:" + proxy.getAddress().getPort();
      List<String> configuration = List.of("global.index-url='http://index.invalid/simple'");
      assertThat(PackageIndexes.probe(configuration, Map.of("HTTP_PROXY", address)).answering())
          .hasSize(1);
      assertThat(
              PackageIndexes.probe(
                      configuration, Map.of("http_proxy", address, "no_proxy", ".invalid"))
                  .answering())
          .isEmpty();
    } finally {
      proxy.stop(0);
    }
  }

  @Test
  void noticesPortWhereNobodyListens() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    assertThat(
            PackageIndexes.probe(
                    List.of(":env:.index-url='http://127.0.0.1:" + port + "/'"), Map.of())
                .usable())
        .isFalse();
  }
}
