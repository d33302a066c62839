package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;
import tools.jackson.databind.JsonNode;

/**
 * A container that has nothing to do with an attack, and must not feel it: runs small warm cells
 * and takes their times. For use from many threads.
 */
final class Neighbour {
  /** Between two cells: neither idle nor busy. */
  private static final Duration PAUSE = Duration.ofMillis(5);

  private static final String CONTENT = "the neighbour's";

  private final RawHttp http;
  private final String container;
  private int cells;

  Neighbour(RawHttp http) {
    this.http = http;
    this.container = http.container();
    http.cell(container, "python", "open('mine', 'w').write(\"" + CONTENT + "\"); serial = 0");
  }

  /** Times of cells in milliseconds, sorted. */
  record Times(List<Double> millis) {
    double p99() {
      return at(0.99);
    }

    double p50() {
      return at(0.5);
    }

    double max() {
      return at(1);
    }

    private double at(double part) {
      return millis.isEmpty() ? 0 : millis.get((int) Math.ceil(part * millis.size()) - 1);
    }
  }

  /** Runs cells while it is told to go on. */
  synchronized Times cellsWhile(IntPredicate goOn) {
    List<Double> millis = new ArrayList<>();
    while (goOn.test(millis.size())) {
      long start = System.nanoTime();
      String answer = cell();
      if (!answer.equals(expected())) {
        throw new AssertionError("the neighbour's cell " + cells + " answered: " + answer);
      }
      millis.add((System.nanoTime() - start) / 1e6);
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    Collections.sort(millis);
    return new Times(millis);
  }

  /** One cell; its time in milliseconds. Throws AssertionError when it is not as it was left. */
  double check() {
    return cellsWhile(done -> done == 0).millis().getFirst();
  }

  private String expected() {
    return cells + " " + CONTENT + " ['mine']\n";
  }

  private String cell() {
    cells++;
    String code = "import os; serial += 1; print(serial, open('mine').read(), os.listdir('.'))";
    RawHttp.Answer answer =
        http.post(
            "/v1/containers/" + container + "/cells",
            Json.write(Json.object().put("language", "python").put("code", code)));
    JsonNode cell = answer.json();
    return cell.path("stdout").asString() + cell.path("stderr").asString() + error(answer);
  }

  private static String error(RawHttp.Answer answer) {
    return answer.status() == 200 ? "" : answer.text();
  }
}
