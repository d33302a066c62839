package dev.caisson.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.testkit.ToldContainer.Life;
import dev.caisson.wire.Json;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client that does a bit of everything in containers of its own, and writes down what it is told.
 * One thread runs it; between two runs another may read what it knows.
 */
final class LoadWorker {
  private static final int MOST_CONTAINERS = 2;
  private static final int PATHS = 6;

  /** What it can ask for. */
  enum Operation {
    CREATE(4),
    CELL(10),
    STATE(4),
    OUTPUT(3),
    WRITE(6),
    REMOVE(2),
    UPLOAD(4),
    DISCARD(1),
    MESSAGE(5),
    DELETE(1);

    private final int weight;

    Operation(int weight) {
      this.weight = weight;
    }
  }

  private final Random random;
  private final String name;
  private final List<ToldContainer> containers = new ArrayList<>();
  private final Map<String, Optional<Long>> uploads = new LinkedHashMap<>();
  private final Map<String, String> outputs = new LinkedHashMap<>();
  private final List<String> billed = new ArrayList<>();
  private final Map<Operation, Integer> answered =
      java.util.Collections.synchronizedMap(new EnumMap<>(Operation.class));
  private final Map<Operation, Integer> unanswered = new EnumMap<>(Operation.class);
  private final List<String> complaints = new ArrayList<>();
  private int serial;

  LoadWorker(String name, long seed) {
    this.name = name;
    this.random = new Random(seed);
  }

  /** Containers that were acknowledged. */
  List<ToldContainer> containers() {
    return containers;
  }

  /** Stored files by id: their size, or empty for one that was deleted. */
  Map<String, Optional<Long>> uploads() {
    return uploads;
  }

  /** Files that cells made, by id: their content. */
  Map<String, String> outputs() {
    return outputs;
  }

  /** Ids of the requests that ran code and were answered. */
  List<String> billed() {
    return billed;
  }

  Map<Operation, Integer> answered() {
    return answered;
  }

  /** Requests that were under way when the server was killed. */
  Map<Operation, Integer> unanswered() {
    return unanswered;
  }

  /** Answers that no request should have got. */
  List<String> complaints() {
    return complaints;
  }

  /** Works until it is told to stop, or the server does not answer any more. */
  void work(RawHttp http, AtomicBoolean stop) {
    while (!stop.get()) {
      Operation operation = next();
      try {
        perform(operation, http);
        answered.merge(operation, 1, Integer::sum);
      } catch (UncheckedIOException e) {
        unanswered.merge(operation, 1, Integer::sum);
        return;
      }
    }
  }

  private Operation next() {
    if (alive().size() < MOST_CONTAINERS) {
      return Operation.CREATE;
    }
    int left = random.nextInt(Operation.values().length * 4);
    for (Operation operation : Operation.values()) {
      left -= operation.weight;
      if (left < 0 && operation != Operation.CREATE) {
        return operation;
      }
    }
    return Operation.CELL;
  }

  private List<ToldContainer> alive() {
    return containers.stream().filter(one -> one.life() == Life.ALIVE).toList();
  }

  private ToldContainer any() {
    List<ToldContainer> alive = alive();
    return alive.get(random.nextInt(alive.size()));
  }

  private void perform(Operation operation, RawHttp http) {
    switch (operation) {
      case CREATE -> create(http);
      case CELL -> cell(http, any());
      case STATE -> state(http, any());
      case OUTPUT -> output(http, any());
      case WRITE -> write(http, any());
      case REMOVE -> remove(http, any());
      case UPLOAD -> upload(http);
      case DISCARD -> discard(http);
      case MESSAGE -> message(http, any());
      case DELETE -> delete(http, any());
    }
  }

  private void create(RawHttp http) {
    good(http.post("/v1/containers", "{}"))
        .ifPresent(made -> containers.add(new ToldContainer(made.path("id").asString())));
  }

  /** A path of few, so that files are written over. */
  private String path() {
    return "/tmp/" + name + "-" + random.nextInt(PATHS);
  }

  private String token() {
    return name + "." + serial++ + ".";
  }

  private void cell(RawHttp http, ToldContainer container) {
    String path = path();
    String token = token();
    int times = 1 + random.nextInt(2000);
    String pause = random.nextInt(4) == 0 ? "; sleep 0.2" : "";
    String code =
        "for i in $(seq %d); do printf %s; done > %s%s; echo %s"
            .formatted(times, token, path, pause, token);
    container.forget(path);
    run(http, container, "bash", code)
        .filter(cell -> cell.path("status").asString().equals("completed"))
        .ifPresent(cell -> container.files().put(path, Optional.of(token.repeat(times))));
  }

  /** Variables do not outlive a killed server; the cell itself must not be forgotten. */
  private void state(RawHttp http, ToldContainer container) {
    String token = token();
    run(http, container, "python", "kept = '" + token + "'\nprint(kept)");
  }

  private void output(RawHttp http, ToldContainer container) {
    String token = token();
    run(http, container, "bash", "printf " + token + " > $OUTPUT_DIR/made.txt")
        .ifPresent(cell -> {
          for (JsonNode output : cell.path("outputs")) {
            outputs.put(output.path("file_id").asString(), token);
          }
        });
  }

  private Optional<JsonNode> run(
      RawHttp http, ToldContainer container, String language, String code) {
    ObjectNode body = Json.object().put("language", language).put("code", code);
    Optional<JsonNode> cell =
        ran(http.post("/v1/containers/" + container.id() + "/cells", Json.write(body)));
    cell.ifPresent(told -> container.cells().put(told.path("id").asString(), told));
    return cell;
  }

  private void write(RawHttp http, ToldContainer container) {
    String path = path();
    String content = token().repeat(1 + random.nextInt(5000));
    container.forget(path);
    good(http.put("/v1/containers/" + container.id() + "/files" + path, content.getBytes(UTF_8)))
        .ifPresent(receipt -> container.files().put(path, Optional.of(content)));
  }

  private void remove(RawHttp http, ToldContainer container) {
    String path = path();
    boolean there = container.files().getOrDefault(path, Optional.empty()).isPresent();
    if (!there) {
      return;
    }
    container.forget(path);
    good(http.delete("/v1/containers/" + container.id() + "/files" + path))
        .ifPresent(gone -> container.files().put(path, Optional.empty()));
  }

  private void upload(RawHttp http) {
    String content = token().repeat(1 + random.nextInt(20_000));
    good(new MultipartForm().file("file", name + ".txt", content).post(http, "/v1/files"))
        .ifPresent(
            made -> uploads.put(made.path("id").asString(), Optional.of((long) content.length())));
  }

  private void discard(RawHttp http) {
    Optional<String> id =
        uploads.entrySet().stream()
            .filter(entry -> entry.getValue().isPresent())
            .map(Map.Entry::getKey)
            .findFirst();
    if (id.isEmpty()) {
      return;
    }
    uploads.remove(id.get());
    good(http.delete("/v1/files/" + id.get()))
        .ifPresent(gone -> uploads.put(id.get(), Optional.empty()));
  }

  private void message(RawHttp http, ToldContainer container) {
    String path = path();
    String token = token();
    ObjectNode body =
        Json.object()
            .put("model", "caisson-direct")
            .put("max_tokens", 1)
            .put("container", container.id());
    body.putArray("tools")
        .addObject()
        .put("type", "code_execution_20250825")
        .put("name", "code_execution");
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", "```bash\nprintf " + token + " > " + path + "\n```");
    container.forget(path);
    ran(http.message(Json.write(body)))
        .ifPresent(reply -> {
          if (!reply.at("/container/id").asString().equals(container.id())) {
            complaints.add("a message to " + container.id() + " was answered from " + reply);
          }
          if (reply.toString().contains("\"return_code\":0")) {
            container.files().put(path, Optional.of(token));
          }
        });
  }

  private void delete(RawHttp http, ToldContainer container) {
    container.life(Life.MAYBE_DELETED);
    good(http.delete("/v1/containers/" + container.id()))
        .ifPresent(gone -> container.life(Life.DELETED));
  }

  private Optional<JsonNode> ran(RawHttp.Answer answer) {
    billed.add(answer.header("request-id"));
    return good(answer);
  }

  /** The reply of a request that succeeded; whatever else there is must not happen. */
  private Optional<JsonNode> good(RawHttp.Answer answer) {
    if (answer.status() == 200) {
      return Optional.of(answer.bytes().length == 0 ? Json.object() : answer.json());
    }
    complaints.add(answer.status() + " " + answer.text());
    return Optional.empty();
  }
}
