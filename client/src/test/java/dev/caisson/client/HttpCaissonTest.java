package dev.caisson.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.Language;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.StoredFile;
import dev.caisson.wire.CellEvent;
import dev.caisson.wire.CellJson;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.FileJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.ServerSentEvent;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the client makes of replies, good and bad; the real server judges it in the testkit. */
class HttpCaissonTest {
  private static final ContainerId CONTAINER = ContainerId.next();

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicReference<HttpExchange> seen = new AtomicReference<>();
  private final AtomicReference<String> body = new AtomicReference<>("");
  private HttpServer server;
  private HttpCaisson client;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
    client =
        HttpCaisson.connect(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/"), "key-1");
  }

  @AfterEach
  void stop() {
    client.close();
    server.stop(0);
    threads.close();
  }

  @Test
  void hearsOutputBeforeTheCellEnds() throws Exception {
    CountDownLatch heard = new CountDownLatch(1);
    Cell cell = cell(new CellOutcome.Completed(0));
    answer(exchange -> {
      OutputStream out = events(exchange);
      out.write(new ServerSentEvent(ServerSentEvent.PING, Json.object()).bytes());
      out.write(new ServerSentEvent("stdout", CellEvent.output("half\n")).bytes());
      out.flush();
      // The result is not sent before the output was heard.
      assertThat(heard.await(10, TimeUnit.SECONDS)).isTrue();
      out.write(new ServerSentEvent(CellEvent.RESULT, CellEvent.result(cell)).bytes());
    });

    List<String> texts = new ArrayList<>();
    Cell run =
        client.run(
            CONTAINER,
            CellSpec.bash("echo half").withTimeout(Duration.ofMillis(1500)),
            (stream, text) -> {
              texts.add(stream + " " + text);
              heard.countDown();
            });

    assertThat(run).isEqualTo(cell);
    assertThat(texts).containsExactly("STDOUT half\n");
    assertThat(seen.get().getRequestHeaders().getFirst("x-api-key")).isEqualTo("key-1");
    assertThat(Json.parse(body.get(), "request"))
        .isEqualTo(
            Json.parse(
                """
                {"language":"bash","code":"echo half","timeout_seconds":1.5,"stream":true}
                """,
                "expected"));
  }

  @Test
  void interruptClosesTheConnection() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    byte[] ping = new ServerSentEvent("stdout", CellEvent.output("x")).bytes();
    answer(exchange -> {
      OutputStream out = events(exchange);
      try {
        while (true) {
          out.write(ping);
          out.flush();
        }
      } catch (IOException e) {
        closed.countDown();
      }
    });

    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> interrupted = new AtomicReference<>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                client.run(
                    CONTAINER, CellSpec.bash("sleep 60"), (stream, text) -> running.countDown());
              } catch (CaissonException e) {
                thrown.set(e);
              }
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
    caller.interrupt();

    assertThat(caller.join(Duration.ofSeconds(10))).isTrue();
    assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(thrown.get()).isInstanceOf(CaissonException.Internal.class);
    assertThat(interrupted.get()).isTrue();
  }

  @Test
  void saysThatTheCellMayHaveRunWhenTheStreamBreaksOff() {
    answer(exchange ->
        events(exchange)
            .write("event: stdout\ndata: {\"text\":\"a\"}\n\n".getBytes(StandardCharsets.UTF_8)));

    assertThatThrownBy(() -> client.run(CONTAINER, CellSpec.bash("x"), OutputListener.NONE))
        .isInstanceOf(CaissonException.Internal.class)
        .hasMessageContaining("may have run");
  }

  @Test
  void throwsTheErrorThatEndsAStream() {
    Container expired = container(ContainerStatus.EXPIRED);
    answer(exchange ->
        events(exchange)
            .write(
                new ServerSentEvent(
                        ServerSentEvent.ERROR,
                        ErrorJson.write(new CaissonException.ContainerExpired(expired), "req_1"))
                    .bytes()));

    assertThatThrownBy(() -> client.run(CONTAINER, CellSpec.bash("x"), OutputListener.NONE))
        .isInstanceOfSatisfying(
            CaissonException.ContainerExpired.class,
            e -> assertThat(e.container()).isEqualTo(expired));
  }

  @Test
  void readsEveryKindOfErrorFromItsEnvelope() {
    List<CaissonException> kinds =
        List.of(
            new CaissonException.InvalidRequest("a"),
            new CaissonException.Unauthenticated("b"),
            new CaissonException.PermissionDenied("c"),
            new CaissonException.NotFound("d"),
            new CaissonException.Conflict("e"),
            new CaissonException.ContainerExpired(container(ContainerStatus.EXPIRED)),
            new CaissonException.TooLarge("f"),
            new CaissonException.Busy("g", Duration.ofSeconds(3)),
            new CaissonException.HostUnfit("h"),
            new CaissonException.Internal("i"));
    for (CaissonException kind : kinds) {
      answer(exchange -> {
        exchange.getResponseHeaders().set("retry-after", "3");
        reply(exchange, ErrorJson.of(kind).status(), Json.bytes(ErrorJson.write(kind, "req_1")));
      });

      assertThatThrownBy(() -> client.container(CONTAINER))
          .hasSameClassAs(kind)
          .hasMessage(kind.getMessage())
          .satisfies(e -> {
            if (e instanceof CaissonException.Busy busy) {
              assertThat(busy.retryAfter()).isEqualTo(Duration.ofSeconds(3));
            }
          });
    }
  }

  @Test
  void toldAnErrorPageOfSomethingInBetweenFromOurs() {
    answer(exchange -> reply(exchange, 502, "<html>Bad gateway".getBytes(StandardCharsets.UTF_8)));

    assertThatThrownBy(() -> client.container(CONTAINER))
        .isInstanceOf(CaissonException.Internal.class)
        .hasMessageContaining("502");
  }

  @Test
  void namesTheServerThatCannotBeReached() {
    server.stop(0);

    assertThatThrownBy(() -> client.containers(PageRequest.first()))
        .isInstanceOf(CaissonException.Internal.class)
        .hasMessageContaining("127.0.0.1:" + server.getAddress().getPort());
  }

  @Test
  void readsAPartOfAFileByItsRange() throws Exception {
    answer(exchange -> {
      exchange.getResponseHeaders().set("content-range", "bytes 2-4/10");
      reply(exchange, 206, "cde".getBytes(StandardCharsets.UTF_8));
    });

    try (FileContent content = client.read(CONTAINER, "/tmp/ä b", new ByteRange(2, 3))) {
      assertThat(content.totalBytes()).isEqualTo(10);
      assertThat(content.lengthBytes()).isEqualTo(3);
      assertThat(content.stream()).hasBinaryContent("cde".getBytes(StandardCharsets.UTF_8));
    }
    assertThat(seen.get().getRequestURI().getRawPath())
        .isEqualTo("/v1/containers/" + CONTAINER + "/files/tmp/%C3%A4%20b");
    assertThat(seen.get().getRequestHeaders().getFirst("range")).isEqualTo("bytes=2-4");
  }

  @Test
  void tellsTheSizeOfAFileThatARangeMissed() {
    answer(exchange -> {
      exchange.getResponseHeaders().set("content-range", "bytes */10");
      reply(exchange, 416, "{}".getBytes(StandardCharsets.UTF_8));
    });

    assertThatThrownBy(() -> client.read(CONTAINER, "/tmp/x", new ByteRange(11, 1)))
        .isInstanceOfSatisfying(
            CaissonException.RangeNotSatisfiable.class,
            e -> assertThat(e.sizeBytes()).isEqualTo(10));
  }

  @Test
  void quotesWhatCouldBreakOutOfAFileName() {
    StoredFile stored =
        new StoredFile(
            FileId.next(), "x", "text/csv", 3, "00", Instant.EPOCH, false, Optional.empty());
    answer(exchange -> reply(exchange, 200, Json.bytes(FileJson.write(stored))));

    StoredFile file =
        client.upload(
            "a\"\r\nb.csv",
            "text/csv",
            new ByteArrayInputStream("1,2".getBytes(StandardCharsets.UTF_8)));

    assertThat(file).isEqualTo(stored);
    assertThat(body.get())
        .contains("filename=\"a%22%0D%0Ab.csv\"\r\nContent-Type: text/csv\r\n\r\n1,2\r\n--");
  }

  @Test
  void refusesWhatIsNoServerAndNoKey() {
    assertThatThrownBy(() -> HttpCaisson.connect(URI.create("ftp://x"), "k"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("ftp://x");
    assertThatThrownBy(() -> HttpCaisson.connect(URI.create("http://x"), "k\nl"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageNotContaining("k\nl");
    assertThatThrownBy(() -> client.read(CONTAINER, "tmp/x", ByteRange.ALL))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("absolute");
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private void answer(Handler handler) {
    if (seen.get() != null) {
      server.removeContext("/");
    }
    server.createContext(
        "/",
        exchange -> {
          seen.set(exchange);
          body.set(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          try (exchange) {
            handler.handle(exchange);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static void reply(HttpExchange exchange, int status, byte[] bytes) throws IOException {
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static OutputStream events(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("content-type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    return exchange.getResponseBody();
  }

  private static Cell cell(CellOutcome outcome) {
    Cell cell =
        new Cell(
            CellId.next(),
            CONTAINER,
            Language.BASH,
            outcome,
            new CapturedOutput("half\n", 3),
            CapturedOutput.EMPTY,
            Instant.EPOCH,
            Duration.ofMillis(5),
            Duration.ofMillis(2),
            List.of());
    assertThat(CellJson.read(CellJson.write(cell))).isEqualTo(cell);
    return cell;
  }

  private static Container container(ContainerStatus status) {
    return new Container(
        CONTAINER,
        status,
        "default",
        Instant.EPOCH,
        Instant.EPOCH,
        Instant.EPOCH,
        0,
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
