package dev.caisson.testkit;

import dev.caisson.testkit.ToldContainer.Life;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Asks a server for everything that a client had been told by the one before it. What a killed
 * request left open is settled on the way: afterwards the client knows it.
 */
final class ToldAudit {
  private final RawHttp http;
  private final List<String> broken = new ArrayList<>();
  private int facts;
  private int lostCells;

  ToldAudit(RawHttp http) {
    this.http = http;
  }

  /** How many things were asked for. */
  int facts() {
    return facts;
  }

  /** Cells that ran when the server was killed, and say so. */
  int lostCells() {
    return lostCells;
  }

  /** What is not as it had been told. */
  List<String> broken() {
    return broken;
  }

  void check(LoadWorker worker) {
    worker.containers().forEach(this::check);
    worker.uploads().forEach(this::upload);
    worker.outputs().forEach(this::output);
    worker.outputs().clear();
  }

  private void check(ToldContainer container) {
    RawHttp.Answer shown = http.get("/v1/containers/" + container.id());
    if (!expect(shown.status() == 200, container.id() + " is forgotten: " + shown.text())) {
      return;
    }
    boolean deleted = shown.json().path("status").asString().equals("deleted");
    if (container.life() == Life.MAYBE_DELETED) {
      container.life(deleted ? Life.DELETED : Life.ALIVE);
    }
    expect(
        deleted == (container.life() == Life.DELETED),
        container.id() + " was told " + container.life() + " and is " + shown.text());
    if (container.life() == Life.ALIVE) {
      cells(container);
      container.files().forEach((path, content) -> file(container.id(), path, content));
    } else {
      RawHttp.Answer used = http.get("/v1/containers/" + container.id() + "/files?path=/tmp");
      expect(used.status() == 404, container.id() + " is deleted and answers " + used.text());
    }
  }

  private void cells(ToldContainer container) {
    Set<String> untold = new HashSet<>();
    String page = "";
    do {
      JsonNode cells =
          http.get("/v1/containers/" + container.id() + "/cells?limit=1000" + page).json();
      for (JsonNode cell : cells.path("data")) {
        cell(container, cell, untold);
      }
      String next = cells.path("next_page").asStringOpt().orElse("");
      page = next.isEmpty() ? "" : "&page=" + next;
    } while (!page.isEmpty());
    Set<String> missing = new HashSet<>(container.cells().keySet());
    missing.removeAll(untold);
    expect(missing.isEmpty(), container.id() + " has lost its cells " + missing);
  }

  private void cell(ToldContainer container, JsonNode cell, Set<String> seen) {
    String id = cell.path("id").asString();
    seen.add(id);
    JsonNode told = container.cells().get(id);
    if (told != null) {
      expect(same(told, cell), "cell " + told + " is now " + cell);
      return;
    }
    // A message's, or one whose end nobody heard of.
    boolean lost = cell.path("status").asString().equals("lost");
    lostCells += lost ? 1 : 0;
    expect(
        !lost || cell.path("reason").asString().equals("server_restart"),
        "a cell was lost for no reason: " + cell);
    container.cells().put(id, cell);
  }

  /** What a cell changed may be found out after its reply; all that was told stands. */
  private static boolean same(JsonNode told, JsonNode now) {
    if (told.path("changed").isObject() && !told.path("changed").equals(now.path("changed"))) {
      return false;
    }
    for (String field :
        List.of("status", "stdout", "stderr", "return_code", "outputs", "started_at", "cpu_ms")) {
      if (!told.path(field).equals(now.path(field))) {
        return false;
      }
    }
    return true;
  }

  private void file(String container, String path, Optional<String> content) {
    RawHttp.Answer read = http.get("/v1/containers/" + container + "/files" + path);
    if (content.isEmpty()) {
      expect(read.status() == 404, path + " of " + container + " was deleted and is there");
      return;
    }
    boolean whole =
        read.status() == 200
            && new String(read.bytes(), StandardCharsets.UTF_8).equals(content.get());
    expect(
        whole,
        path
            + " of "
            + container
            + " should be "
            + content.get().length()
            + " bytes of "
            + content.get().substring(0, Math.min(20, content.get().length()))
            + ", is "
            + read.status()
            + " with "
            + read.bytes().length);
  }

  private void upload(String id, Optional<Long> size) {
    RawHttp.Answer shown = http.get("/v1/files/" + id);
    expect(
        size.isEmpty()
            ? shown.status() == 404
            : shown.status() == 200 && shown.json().path("size_bytes").asLong() == size.get(),
        "upload " + id + " of " + size + " is now " + shown.status() + " " + shown.text());
  }

  private void output(String id, String content) {
    RawHttp.Answer read = http.get("/v1/files/" + id + "/content");
    expect(
        read.status() == 200 && read.text().equals(content),
        "output " + id + " is now " + read.status() + " " + read.text());
  }

  /** Whether all uploads stand whole, by their hashes inside a container. */
  void mounts(Map<String, Optional<Long>> uploads) {
    Optional<String> last =
        uploads.entrySet().stream()
            .filter(entry -> entry.getValue().isPresent())
            .map(Map.Entry::getKey)
            .reduce((earlier, later) -> later);
    if (last.isEmpty()) {
      return;
    }
    RawHttp.Answer made = http.post("/v1/containers", "{\"files\": [\"" + last.get() + "\"]}");
    expect(made.status() == 200, "upload " + last.get() + " cannot be mounted: " + made.text());
    if (made.status() == 200) {
      http.delete("/v1/containers/" + made.json().path("id").asString());
    }
  }

  /** Whether every request that ran code and was answered is billed once, and the sums agree. */
  void ledger(List<String> billed) {
    Map<String, Integer> rowsByRequest = new HashMap<>();
    Map<YearMonth, Long> millisByMonth = new HashMap<>();
    Map<YearMonth, Long> toldByMonth = new HashMap<>();
    BigDecimal amount = BigDecimal.ZERO;
    long rows = 0;
    String page = "";
    do {
      JsonNode usage = http.get("/v1/usage?limit=1000" + page).json();
      for (JsonNode row : usage.path("data")) {
        rows++;
        rowsByRequest.merge(row.path("request_id").asString(), 1, Integer::sum);
        YearMonth month =
            YearMonth.from(
                Instant.parse(row.path("started_at").asString()).atOffset(ZoneOffset.UTC));
        millisByMonth.merge(month, row.path("billed_ms").asLong(), Long::sum);
        // The newest row comes first, and tells what its month has come to.
        toldByMonth.putIfAbsent(month, row.path("month_billed_ms").asLong());
        amount = amount.add(new BigDecimal(row.path("amount").asString()));
      }
      String next = usage.path("next_page").asStringOpt().orElse("");
      page = next.isEmpty() ? "" : "&page=" + next;
    } while (!page.isEmpty());
    for (String request : billed) {
      int times = rowsByRequest.getOrDefault(request, 0);
      expect(times == 1, "request " + request + " has " + times + " rows in the ledger");
    }
    JsonNode verified = http.get("/v1/usage/verification").json();
    expect(verified.path("intact").asBoolean(), "the ledger is broken: " + verified);
    expect(verified.path("rows").asLong() == rows, rows + " rows, verified: " + verified);
    expect(millisByMonth.equals(toldByMonth), millisByMonth + " are told as " + toldByMonth);
    JsonNode bill = http.get("/v1/usage/explanation").json();
    long millis = millisByMonth.values().stream().mapToLong(Long::longValue).sum();
    expect(
        bill.path("billed_ms").asLong() == millis
            && new BigDecimal(bill.path("amount").asString()).compareTo(amount) == 0,
        "rows of " + millis + " ms and " + amount + " cents make a bill of " + bill);
  }

  private boolean expect(boolean holds, String otherwise) {
    facts++;
    if (!holds) {
      broken.add(otherwise);
    }
    return holds;
  }
}
