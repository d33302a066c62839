package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Clients of a stream that go away or do not read, seen from the upstream and the container. */
@Timeout(60)
class StreamEndingsTest {
  /**
   * From a client's going to the end of the work. A second is promised and a few hundredths are
   * usual; the rest is for machines that are busy with other tests.
   */
  private static final Duration SOON = Duration.ofSeconds(4);

  /** More than the socket buffers of two connections hold. */
  private static final long FLOOD_BYTES = 48L << 20;

  private static final String HEAD =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
          + "data: {\"type\":\"message_start\",\"message\":{}}\n\n"
          + "data: {\"type\":\"content_block_start\",\"index\":0,"
          + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";

  private static final String END =
      """
      data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}

      data: {"type":"message_stop"}

      """;

  @TempDir Path directory;
  private BareUpstream upstream;
  private RunningCaisson caisson;
  private RawHttp http;

  @BeforeEach
  void start() throws IOException {
    upstream = new BareUpstream();
    caisson =
        RunningCaisson.over(directory)
            .messages(messages -> messages.withUpstream(upstream.url()))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterEach
  void stop() {
    caisson.close();
    upstream.close();
  }

  @Test
  @Timeout(8) // Less than the time to the first ping, which would push out what is held back.
  void theUpstreamIsHungUpOnWhenTheClientGoes() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch hungUp = new CountDownLatch(1);
    upstream.serve(connection -> {
      connection.getOutputStream().write(HEAD.getBytes(StandardCharsets.UTF_8));
      begun.countDown();
      if (connection.getInputStream().read() < 0) {
        hungUp.countDown();
      }
    });
    try (EventSocket stream = EventSocket.message(caisson, request())) {
      stream.until("content_block_start");
      assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(hungUp.await(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
  }

  @Test
  void theUpstreamIsHungUpOnBeforeItHasAnswered() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch hungUp = new CountDownLatch(1);
    upstream.serve(connection -> {
      begun.countDown();
      if (connection.getInputStream().read() < 0) {
        hungUp.countDown();
      }
    });
    try (Socket client = EventSocket.send(caisson, request(), 0)) {
      assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(client.isConnected()).isTrue();
    }
    assertThat(hungUp.await(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
  }

  @Test
  void theCellIsEndedAndTheContainerFreeSoon() {
    String container = http.container();
    ObjectNode request = request().put("model", "caisson-direct").put("container", container);
    request
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", "```bash\necho begun > /tmp/begun; sleep 80\n```");
    try (EventSocket stream = EventSocket.message(caisson, request)) {
      stream.until("content_block_stop");
      await().atMost(Duration.ofSeconds(20)).until(() -> exists(container, "/tmp/begun"));
    }
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> !status(container).equals("warm"));
    JsonNode cell = http.get("/v1/containers/" + container + "/cells").json().at("/data/0");
    assertThat(cell.path("reason").asString()).isEqualTo("cancelled");
    assertThat(http.cell(container, "bash", "echo next").path("stdout").asString())
        .isEqualTo("next\n");
  }

  @Test
  void aContainerThatNobodyHeardOfIsNotLeftBehind() {
    ObjectNode request = request().put("model", "caisson-direct");
    request
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", "```bash\nsleep 80\n```");
    try (EventSocket stream = EventSocket.message(caisson, request)) {
      stream.until("content_block_stop");
      await().until(() -> containers() == 1);
    }
    await().atMost(Duration.ofSeconds(10)).until(() -> containers() == 0);
  }

  @Test
  void aReaderThatDoesNotReadHoldsTheUpstreamBack() throws Exception {
    AtomicLong sent = new AtomicLong();
    CountDownLatch finished = new CountDownLatch(1);
    upstream.serve(connection -> {
      flood(connection.getOutputStream(), sent);
      finished.countDown();
    });
    try (Socket client = EventSocket.send(caisson, request(), 16 << 10)) {
      awaitStandstill(sent);
      // What lies between: the buffers of two connections, and next to nothing of ours.
      assertThat(sent.get()).isLessThan(FLOOD_BYTES / 2);
      assertThat(drain(client.getInputStream())).isGreaterThan(FLOOD_BYTES);
    }
    assertThat(finished.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aReaderThatNeverReadAndGoesEndsTheWork() throws Exception {
    AtomicLong sent = new AtomicLong();
    CountDownLatch hungUp = new CountDownLatch(1);
    upstream.serve(connection -> {
      try {
        flood(connection.getOutputStream(), sent);
      } catch (IOException e) {
        hungUp.countDown();
      }
    });
    try (Socket client = EventSocket.send(caisson, request(), 16 << 10)) {
      awaitStandstill(sent);
      assertThat(client.isConnected()).isTrue();
    }
    assertThat(hungUp.await(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
  }

  @Test
  void theEndOfTheServerIsNoSilentEnd(@TempDir Path own) {
    upstream.serve(connection -> {
      connection.getOutputStream().write(HEAD.getBytes(StandardCharsets.UTF_8));
      assertThat(connection.getInputStream().read()).isNegative();
    });
    RunningCaisson ending =
        RunningCaisson.over(own)
            .messages(messages -> messages.withUpstream(upstream.url()))
            .start();
    try (EventSocket stream = EventSocket.message(ending, request())) {
      stream.until("content_block_start");
      ending.close();
      assertThat(stream.until("error").json().at("/error/type").asString()).isNotEmpty();
    }
  }

  @Test
  void theModelIsAskedAgainOverTheSameConnection() {
    upstream.serve(connection -> {
      answerChunked(connection, ModelReply.bash("echo hi"));
      BareUpstream.readRequest(connection.getInputStream());
      answerChunked(connection, ModelReply.saying("done"));
    });
    // Nobody accepts a second connection: it would wait in vain.
    try (EventSocket stream = EventSocket.message(caisson, request())) {
      assertThat(stream.until("message_delta").json().at("/delta/stop_reason").asString())
          .isEqualTo("end_turn");
    }
  }

  @Test
  void aReaderThatReadsNothingForTooLongIsGivenUp(@TempDir Path own) throws Exception {
    AtomicLong sent = new AtomicLong();
    CountDownLatch hungUp = new CountDownLatch(1);
    upstream.serve(connection -> {
      try {
        flood(connection.getOutputStream(), sent);
      } catch (IOException e) {
        hungUp.countDown();
      }
    });
    try (RunningCaisson hasty =
            RunningCaisson.over(own)
                .messages(messages -> messages.withUpstream(upstream.url()))
                .server(server -> server.withIdle(Duration.ofMillis(500)))
                .start();
        Socket client = EventSocket.send(hasty, request(), 16 << 10)) {
      assertThat(hungUp.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(client.isConnected()).isTrue();
    }
  }

  @Test
  void aPlainReplyThatStallsInItsMiddleIsGivenUp(@TempDir Path own) throws Exception {
    CountDownLatch hungUp = new CountDownLatch(1);
    upstream.serve(connection -> {
      connection
          .getOutputStream()
          .write(
              "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"
                  .getBytes(StandardCharsets.UTF_8));
      if (connection.getInputStream().read() < 0) {
        hungUp.countDown();
      }
    });
    try (RunningCaisson hasty =
        RunningCaisson.over(own)
            .messages(messages ->
                messages.withUpstream(upstream.url()).withUpstreamTimeout(Duration.ofMillis(500)))
            .start()) {
      RawHttp.Answer answer = RawHttp.of(hasty).message(Json.write(request().put("stream", false)));
      assertThat(answer.status()).isEqualTo(504);
      assertThat(answer.json().at("/error/type").asString()).isEqualTo("timeout_error");
      assertThat(hungUp.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Sends the end of the body in a packet of its own, after the last event has been read. */
  private static void answerChunked(Socket connection, ObjectNode message) throws IOException {
    OutputStream out = connection.getOutputStream();
    out.write(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .getBytes(StandardCharsets.UTF_8));
    for (ObjectNode event : MessageEvents.of(message, 100)) {
      byte[] bytes = ("data: " + Json.write(event) + "\n\n").getBytes(StandardCharsets.UTF_8);
      out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.UTF_8));
      out.write(bytes);
      out.write("\r\n".getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
    out.write("0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  /** A reply without an end that the reader's buffers could hold. */
  private static void flood(OutputStream out, AtomicLong sent) throws IOException {
    out.write(HEAD.getBytes(StandardCharsets.UTF_8));
    byte[] delta =
        ("data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
                + "\"text\":\""
                + "x".repeat(8000)
                + "\"}}\n\n")
            .getBytes(StandardCharsets.UTF_8);
    while (sent.get() < FLOOD_BYTES) {
      out.write(delta);
      sent.addAndGet(delta.length);
    }
    out.write(END.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns when something was sent and no more is. */
  private static void awaitStandstill(AtomicLong sent) {
    AtomicLong last = new AtomicLong(-1);
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(300))
        .until(() -> sent.get() > 0 && last.getAndSet(sent.get()) == sent.get());
  }

  private static long drain(InputStream in) throws IOException {
    byte[] buffer = new byte[64 << 10];
    byte[] end = "event: message_stop".getBytes(StandardCharsets.UTF_8);
    StringBuilder tail = new StringBuilder();
    long total = 0;
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      total += count;
      tail.append(new String(buffer, 0, count, StandardCharsets.ISO_8859_1));
      if (tail.indexOf(new String(end, StandardCharsets.US_ASCII)) >= 0) {
        return total;
      }
      tail.delete(0, Math.max(0, tail.length() - 100));
    }
    throw new AssertionError("the reply ended without message_stop after " + total + " bytes");
  }

  private boolean exists(String container, String path) {
    return http.get("/v1/containers/" + container + "/files" + path).status() == 200;
  }

  private String status(String container) {
    return http.get("/v1/containers/" + container).json().path("status").asString();
  }

  private int containers() {
    return http.get("/v1/containers?limit=1000").json().path("data").size();
  }

  private static ObjectNode request() {
    ObjectNode request = Json.object().put("model", "m").put("max_tokens", 9).put("stream", true);
    request.putArray("messages").addObject().put("role", "user").put("content", "go");
    request
        .putArray("tools")
        .addObject()
        .put("type", "code_execution_20250825")
        .put("name", "code_execution");
    return request;
  }
}
