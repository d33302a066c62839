package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.testkit.EventSocket.Event;
import dev.caisson.wire.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Two hundred streams at once, all open at the same moment. */
@Tag("slow")
@Timeout(180)
class ManyStreamsTest {
  private static final int STREAMS = 200;

  /** Containers cost memory and processors; one in so many streams runs code. */
  private static final int RUNS_CODE = 10;

  @Test
  void twoHundredStreamsEndWithoutAnError(@TempDir Path directory) throws Exception {
    CountDownLatch allAsked = new CountDownLatch(STREAMS);
    CountDownLatch allBegun = new CountDownLatch(STREAMS);
    Queue<String> wrong = new ConcurrentLinkedQueue<>();
    try (ScriptedUpstream upstream =
            ScriptedUpstream.start()
                .otherwise(request -> {
                  boolean runs = request.at("/messages/0/content").asString("").equals("run");
                  boolean hasRun = request.path("messages").size() > 1;
                  if (!hasRun) {
                    // The model answers nobody before everybody has asked.
                    allAsked.countDown();
                    awaitAll(allAsked, wrong);
                  }
                  return runs && !hasRun
                      ? ModelReply.bash("echo " + "word ".repeat(50))
                      : ModelReply.saying("word ".repeat(200));
                });
        RunningCaisson caisson = RunningCaisson.over(directory).upstream(upstream).start()) {
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < STREAMS; i++) {
        boolean runs = i % RUNS_CODE == 0;
        clients.add(
            Thread.ofVirtual()
                .name("client-" + i)
                .start(() -> {
                  try (EventSocket stream = EventSocket.message(caisson, request(runs))) {
                    Event first = stream.next();
                    allBegun.countDown();
                    // Nobody reads on before everybody has begun.
                    awaitAll(allBegun, wrong);
                    List<Event> events = stream.rest();
                    if (first == null
                        || !first.name().equals("message_start")
                        || !events.getLast().name().equals("message_stop")
                        || !text(events).equals("word ".repeat(200))) {
                      wrong.add(first + " ... " + events.getLast());
                    }
                  } catch (RuntimeException | AssertionError e) {
                    allBegun.countDown();
                    wrong.add(String.valueOf(e));
                  }
                }));
      }
      for (Thread client : clients) {
        client.join();
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static void awaitAll(CountDownLatch all, Queue<String> wrong) {
    try {
      if (!all.await(120, TimeUnit.SECONDS)) {
        wrong.add(all.getCount() + " of the streams are missing");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      wrong.add("interrupted");
    }
  }

  private static String text(List<Event> events) {
    StringBuilder text = new StringBuilder();
    events.stream()
        .filter(event -> event.name().equals("content_block_delta"))
        .forEach(event -> text.append(event.json().at("/delta/text").asString("")));
    return text.toString();
  }

  private static ObjectNode request(boolean runs) {
    ObjectNode request =
        Json.object().put("model", "m").put("max_tokens", 1000).put("stream", true);
    request
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", runs ? "run" : "say");
    request
        .putArray("tools")
        .addObject()
        .put("type", "code_execution_20250825")
        .put("name", "code_execution");
    return request;
  }
}
