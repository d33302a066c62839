package dev.caisson.testkit;

import dev.caisson.testkit.Attack.Ending;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Runs attacks against one server, each in a container of its own, and looks at what came of it.
 */
final class AttackTrial {
  /** Cells of the neighbour that a 99th percentile is taken of, where the build has no minutes. */
  static final int FEW = 40;

  /** The same where it has. */
  static final int MANY = 200;

  /** An attack that ends sooner than the neighbour has done its cells is made again so often. */
  private static final int MOST_ROUNDS = 8;

  /** The guest and the interpreter. */
  private static final int RESIDENTS = 2;

  /** So often is an attack made before its neighbour's slowness is its fault. */
  private static final int TRIES = 3;

  /** A cell of the neighbour that takes longer did not answer in any normal time. */
  private static final Duration SLOWEST = Duration.ofSeconds(5);

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final AttackedServer server;
  private final RawHttp http;
  private final Neighbour neighbour;
  private final int samples;

  AttackTrial(AttackedServer server, int samples) {
    this.server = server;
    this.http = server.http();
    this.neighbour = new Neighbour(http);
    this.samples = samples;
    neighbour.cellsWhile(done -> done < FEW); // so that the first times are not those of a start
  }

  /**
   * Makes attacks, and tells of each as it ends: those that take resources one by one, the others
   * before them, so many at a time.
   */
  List<AttackResult> run(List<Attack> attacks, int parallel, Consumer<AttackResult> told) {
    List<AttackResult> results = Collections.synchronizedList(new ArrayList<>());
    Consumer<Attack> one =
        attack -> {
          AttackResult result = fairly(attack);
          results.add(result);
          told.accept(result);
        };
    Semaphore turns = new Semaphore(parallel);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Attack attack : attacks) {
        if (!attack.resource()) {
          threads.execute(() -> {
            turns.acquireUninterruptibly();
            try {
              one.accept(attack);
            } finally {
              turns.release();
            }
          });
        }
      }
    }
    attacks.stream().filter(Attack::resource).forEach(one);
    return List.copyOf(results);
  }

  /**
   * Makes an attack again when its neighbour was slow: other work on the machine makes slow
   * neighbours too. Without control groups nobody shares the processors out, and no promise is
   * made.
   */
  private AttackResult fairly(Attack attack) {
    AttackResult result = run(attack);
    if (samples == FEW || server.rootless()) {
      return result; // too few to blame anybody, or nothing was promised
    }
    for (int i = 1; i < TRIES && result.ratio() > AttackTable.MOST_RATIO; i++) {
      AttackResult again = run(attack);
      result = !again.contained() || again.ratio() < result.ratio() ? again : result;
    }
    if (result.ratio() > AttackTable.MOST_RATIO) {
      result.complaints().add("its neighbour was slower than " + AttackTable.MOST_RATIO + " times");
    }
    return result;
  }

  private AttackResult run(Attack attack) {
    List<String> complaints = new ArrayList<>();
    Neighbour.Times quiet = new Neighbour.Times(List.of());
    Neighbour.Times during = quiet;
    String seen = "";
    long start = System.nanoTime();
    try {
      Victim victim = new Victim();
      try {
        if (attack.resource()) {
          quiet = neighbour.cellsWhile(done -> done < samples);
        }
        CompletableFuture<JsonNode> running = victim.start(attack);
        if (attack.resource()) {
          List<Double> all = new ArrayList<>();
          for (int rounds = 1; ; rounds++) {
            CompletableFuture<JsonNode> current = running;
            all.addAll(neighbour.cellsWhile(done -> !current.isDone()).millis());
            if (all.size() >= samples || rounds == MOST_ROUNDS) {
              break;
            }
            running = victim.start(attack);
          }
          during = new Neighbour.Times(all.stream().sorted().toList());
        } else if (attack.plants().equals("during")) {
          PlantedFiles planted = new PlantedFiles(server, victim.id, complaints);
          while (!running.isDone()) {
            planted.lookAtOnce();
          }
        }
        seen = judge(attack, running.join(), complaints);
        victim.aftermath(attack, complaints);
      } finally {
        victim.delete(complaints);
      }
      complaints.addAll(server.complaints());
      checkNeighbour(complaints, during);
    } catch (AssertionError | UncheckedIOException | IOException e) {
      complaints.add(String.valueOf(e.getMessage()));
    } catch (CompletionException e) {
      complaints.add(String.valueOf(e.getCause()));
    }
    long millis = (System.nanoTime() - start) / 1_000_000;
    return new AttackResult(
        attack, attack.expectedText(server.rootless()), seen, complaints, millis, quiet, during);
  }

  private void checkNeighbour(List<String> complaints, Neighbour.Times during) {
    double slowest = Math.max(neighbour.check(), during.max());
    if (slowest > SLOWEST.toMillis()) {
      complaints.add("a cell of its neighbour took " + Math.round(slowest) + " ms");
    }
  }

  /** Says how a cell ended, and complains where that is not how it was to. */
  private String judge(Attack attack, JsonNode cell, List<String> complaints) {
    String stdout = cell.path("stdout").asString();
    String stderr = cell.path("stderr").asString();
    String status = cell.path("status").asString();
    String reason = cell.path("reason").asString();
    int code = cell.path("return_code").asInt();
    List<String> escapes = stdout.lines().filter(line -> line.startsWith("ESCAPED")).toList();
    long held = stdout.lines().filter(line -> line.startsWith("held:")).count();
    escapes.forEach(complaints::add);
    Optional<Ending> fits =
        attack.expected(server.rootless()).stream()
            .filter(ending -> fits(ending, status, reason, code, held))
            .findFirst();
    if (fits.isEmpty()) {
      complaints.add("ended otherwise: " + tail(stderr.isEmpty() ? stdout : stderr));
    }
    if (!(stderr + reason).contains(attack.says())) {
      complaints.add("neither reason nor stderr names " + attack.says() + ": " + tail(stderr));
    }
    if (server.betrays(stdout) || server.betrays(stderr)) {
      complaints.add("a secret of the host was printed");
    }
    if (!escapes.isEmpty()) {
      return "ESCAPED";
    }
    String end = status.equals("completed") ? status + " " + code : status + " " + reason;
    return (held == 0 ? end : end + ", held " + held + " times").strip();
  }

  private static boolean fits(Ending ending, String status, String reason, int code, long held) {
    return switch (ending.status()) {
      case "held" -> status.equals("completed") && code == 0 && held > 0;
      case "completed" ->
          status.equals("completed")
              && (ending.detail().isEmpty() || ending.detail().equals(String.valueOf(code)));
      default ->
          status.equals(ending.status())
              && (ending.detail().isEmpty() || ending.detail().equals(reason));
    };
  }

  private static String tail(String text) {
    String line = text.strip().replace('\n', '|');
    return line.length() > 300 ? "…" + line.substring(line.length() - 300) : line;
  }

  /** The container that an attack is made in. */
  private final class Victim {
    private final String id = http.container();
    private final String cells = "/v1/containers/" + id + "/cells";
    private String namespace;
    private String lastCell = "";
    private String lastStatus = "";

    Victim() {
      namespace = namespace();
    }

    private String namespace() {
      return http.cell(id, "bash", "readlink /proc/self/ns/pid").path("stdout").asString().strip();
    }

    CompletableFuture<JsonNode> start(Attack attack) {
      ObjectNode request =
          Json.object()
              .put("language", attack.languageWord())
              .put("code", attack.program())
              .put("timeout_seconds", attack.seconds());
      ObjectNode environment = request.putObject("env");
      server.told().forEach(environment::put);
      CompletableFuture<JsonNode> told = new CompletableFuture<>();
      Thread.ofVirtual()
          .name("attack-" + attack.name())
          .start(() -> {
            try {
              RawHttp.Answer answer = http.post(cells, Json.write(request));
              if (answer.status() != 200) {
                throw new AssertionError("its cell: " + answer.status() + " " + answer.text());
              }
              told.complete(answer.json());
            } catch (RuntimeException | AssertionError e) {
              told.completeExceptionally(e);
            }
          });
      return told.whenComplete((cell, failure) -> {
        if (cell != null) {
          lastCell = cell.path("id").asString();
          lastStatus = cell.path("status").asString();
        }
      });
    }

    /** What the attack left, and whether the container still serves whoever has it. */
    void aftermath(Attack attack, List<String> complaints) throws IOException {
      if (!lastCell.isEmpty()) {
        String kept = http.get(cells + "/" + lastCell).json().path("status").asString();
        if (!kept.equals(lastStatus)) {
          complaints.add("the history says " + kept + ", the answer said " + lastStatus);
        }
      }
      List<Long> left = await(RESIDENTS);
      if (left.size() > RESIDENTS) {
        complaints.add("processes outlived the cell: " + left);
      }
      if (!attack.plants().equals("no")) {
        new PlantedFiles(server, id, complaints).lookAtAll();
      }
      if (!attack.uploads().isEmpty()) {
        new PlantedFiles(server, id, complaints).upload(attack.uploads());
      }
      expect(http.cell(id, "bash", "echo alive"), complaints);
      expect(http.cell(id, "python", "print('alive')"), complaints);
    }

    private void expect(JsonNode cell, List<String> complaints) {
      if (!cell.path("stdout").asString().equals("alive\n")) {
        complaints.add("the next cell of the container does not work: " + cell);
      }
      namespace = namespace(); // of the sandbox that is there now
    }

    private List<Long> await(int atMost) {
      long end = System.nanoTime() + PATIENCE.toNanos();
      List<Long> left = HostProcesses.of(namespace);
      while (left.size() > atMost && System.nanoTime() < end) {
        LockSupport.parkNanos(20_000_000);
        left = HostProcesses.of(namespace);
      }
      return left;
    }

    void delete(List<String> complaints) throws IOException {
      RawHttp.Answer gone = http.delete("/v1/containers/" + id);
      if (gone.status() != 200) {
        complaints.add("it could not be deleted: " + gone.status() + " " + gone.text());
        return;
      }
      List<Long> left = await(0);
      if (!left.isEmpty()) {
        complaints.add("processes outlived their container: " + left);
      }
      complaints.addAll(server.leftOf(id));
    }
  }
}
