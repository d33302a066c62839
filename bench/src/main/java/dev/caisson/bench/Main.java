package dev.caisson.bench;

import dev.caisson.bench.Measurement.Group;
import dev.caisson.client.CaissonClient;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.messages.Messages;
import dev.caisson.messages.MessagesSettings;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.BuildStep;
import dev.caisson.server.CaissonServer;
import dev.caisson.server.ServerSettings;
import dev.caisson.testkit.ScriptedUpstream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code ./caisson bench [--rounds N] [--json FILE]}: what a container costs, as ratios to the bare
 * operations in the same run. Exit code 1 when a promised ratio did not hold on a quiet machine, 2
 * for wrong usage.
 */
public final class Main {
  private static final int ROUNDS = 50;

  /**
   * Cells of one client follow each other; so do the bare processes that they are compared with.
   */
  private static final int IN_A_ROW = 10;

  /** A deleted container is gone by then, and the processors have gone to sleep. */
  private static final Duration SILENCE = Duration.ofMillis(50);

  /** A rate limit would be measured, not the server. */
  private static final ServerSettings SETTINGS =
      ServerSettings.DEFAULT.withPort(0).withKeyLimits(10_000_000, 256);

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    System.exit(run(arguments));
  }

  private static int run(String[] arguments) throws Exception {
    int rounds = ROUNDS;
    Optional<Path> json = Optional.empty();
    for (int i = 0; i < arguments.length; i++) {
      boolean valued = i + 1 < arguments.length;
      if (arguments[i].equals("--json") && valued) {
        json = Optional.of(Path.of(arguments[++i]));
      } else if (arguments[i].equals("--rounds")
          && valued
          && arguments[i + 1].matches("\\d{1,5}")) {
        rounds = Math.max(1, Integer.parseInt(arguments[++i]));
      } else {
        System.err.println("usage: caisson bench [--rounds N] [--json FILE]");
        return 2;
      }
    }
    double load =
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()
            / Runtime.getRuntime().availableProcessors();
    Path data = Files.createTempDirectory("caisson-bench");
    try {
      Results results = measure(data, rounds, load);
      System.out.print(results.table());
      if (json.isPresent()) {
        Files.writeString(json.get(), results.json());
      }
      return results.holds() || !results.doubts().isEmpty() ? 0 : 1;
    } finally {
      delete(data);
    }
  }

  private static Results measure(Path data, int rounds, double load) throws Exception {
    try (EmbeddedCaisson caisson =
        EmbeddedCaisson.open(EmbeddedSettings.defaults(data, imagesDirectory()))) {
      caisson.images().build(BuildRequest.standard(), Main::tell);
      String key =
          caisson
              .engine()
              .keys()
              .create(caisson.engine().keys().localOrganization(), "bench")
              .text();
      try (ScriptedUpstream upstream = ScriptedUpstream.start().otherwise(StreamOperations::reply);
          Messages messages =
              Messages.open(
                  MessagesSettings.DEFAULT.withUpstream(upstream.url()), caisson.engine());
          CaissonServer server = CaissonServer.start(SETTINGS, caisson.engine(), messages);
          CaissonClient client = caisson.client();
          StateOperations state = new StateOperations(data.resolve("state"), imagesDirectory());
          HttpOperations http = new HttpOperations(server.url(), key);
          StreamOperations streams = new StreamOperations(upstream, server.url(), key)) {
        EngineOperations engine = new EngineOperations(client);
        List<Operation> warm = new ArrayList<>(engine.warmCells());
        warm.addAll(http.warmCells());
        List<Operation> fresh = List.of(engine.freshContainer(), http.freshContainer());
        List<Operation> bare = new ArrayList<>(BareProcesses.operations());
        bare.addAll(streams.bare());
        bare.add(http.emptyWorkspace());
        System.err.println(
            "measuring: " + rounds + " rounds of warm cells and of fresh containers");
        return new Results(
            new Measurement(
                    bare,
                    List.of(
                        new Group(warm, IN_A_ROW, Duration.ZERO),
                        new Group(List.of(http.besideFiles()), IN_A_ROW, Duration.ZERO),
                        new Group(streams.operations(), IN_A_ROW, Duration.ZERO),
                        new Group(List.of(http.cellAfterSilence()), 1, SILENCE),
                        new Group(fresh, 1, SILENCE),
                        new Group(state.operations(), 1, SILENCE)),
                    rounds)
                .run(),
            load);
      }
    }
  }

  private static void tell(BuildStep step) {
    if (step instanceof BuildStep.Note note) {
      System.err.println("image: " + note.text());
    }
  }

  static Path imagesDirectory() {
    return Optional.ofNullable(System.getenv("CAISSON_IMAGES"))
        .map(Path::of)
        .orElseGet(() ->
            Path.of(
                System.getenv().getOrDefault("HOME", System.getProperty("user.home")),
                ".cache",
                "caisson",
                "images"));
  }

  static void delete(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
