package dev.caisson.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Kills a real {@code caisson serve} again and again under a mixed load (cells, workspace files,
 * uploads, messages, deletes), starts the next one over the same data directory, and asks it for
 * everything that its clients had been told.
 */
final class KillTrial {
  private static final int WORKERS = 4;
  private static final int LONGEST_LOAD_MILLIS = 1200;
  private static final Duration SWEEP_PATIENCE = Duration.ofSeconds(30);

  private final Path directory;
  private final Random random;
  private final List<LoadWorker> workers;
  private final Report report = new Report();

  private KillTrial(Path directory, long seed) {
    this.directory = directory;
    this.random = new Random(seed);
    this.workers =
        IntStream.range(0, WORKERS).mapToObj(i -> new LoadWorker("w" + i, seed + i)).toList();
  }

  /**
   * Runs a trial.
   *
   * @param directory empty; a server's data directory and image are made in it
   * @param settings of the servers, as variables
   * @param progress hears how many kills are done
   */
  static Report run(
      Path directory,
      Map<String, String> settings,
      long seed,
      int kills,
      Consumer<Integer> progress) {
    RunningCaisson.makeImage(directory);
    KillTrial trial = new KillTrial(directory, seed);
    CaissonProcess server = CaissonProcess.serve(directory, settings);
    try {
      for (int i = 1; i <= kills; i++) {
        trial.loadUntilKilled(server);
        server = CaissonProcess.serve(directory, settings);
        trial.audit(new RawHttp(server.url(), server.key()));
        progress.accept(i);
      }
      trial.ledger(new RawHttp(server.url(), server.key()));
      trial.leftovers();
    } finally {
      server.close();
    }
    return trial.finish();
  }

  private void loadUntilKilled(CaissonProcess server) {
    RawHttp http = new RawHttp(server.url(), server.key());
    AtomicBoolean stop = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (LoadWorker worker : workers) {
        running.add(threads.submit(() -> worker.work(http, stop)));
      }
      // The moment is the point: no condition can be waited for here.
      Thread.sleep(random.nextInt(LONGEST_LOAD_MILLIS));
      // A slow machine may not have answered anything at all by then: that would be no trial.
      long end = System.nanoTime() + SWEEP_PATIENCE.toNanos();
      while (nothingAnswered() && System.nanoTime() - end < 0) {
        Thread.sleep(10);
      }
      server.kill();
      stop.set(true);
      for (Future<?> worker : running) {
        worker.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean nothingAnswered() {
    return workers.stream().allMatch(worker -> worker.answered().isEmpty());
  }

  private void audit(RawHttp http) {
    ToldAudit audit = new ToldAudit(http);
    for (LoadWorker worker : workers) {
      audit.check(worker);
      audit.mounts(worker.uploads());
    }
    count(audit);
  }

  private void ledger(RawHttp http) {
    ToldAudit audit = new ToldAudit(http);
    audit.ledger(workers.stream().flatMap(worker -> worker.billed().stream()).toList());
    count(audit);
  }

  private void count(ToldAudit audit) {
    report.facts += audit.facts();
    report.lostCells += audit.lostCells();
    report.broken.addAll(audit.broken());
  }

  /** What dead servers held is swept within a few rounds of the living one's sweeper. */
  private void leftovers() {
    long end = System.nanoTime() + SWEEP_PATIENCE.toNanos();
    List<String> left = left();
    try {
      while (!left.isEmpty() && System.nanoTime() - end < 0) {
        Thread.sleep(200);
        left = left();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    left.forEach(one -> report.broken.add("left behind: " + one));
  }

  private List<String> left() {
    List<String> left = new ArrayList<>();
    List<String> owners =
        names("run").stream()
            .filter(name -> name.startsWith("owner-") && !name.endsWith(".pid"))
            .toList();
    if (owners.size() != 1) {
      left.add("owners " + owners);
    }
    names("blobs").stream()
        .filter(name -> name.length() != 2)
        .filter(name -> !names("blobs/" + name).isEmpty())
        .forEach(name -> left.add("blobs/" + name + " " + names("blobs/" + name)));
    List<String> alive =
        workers.stream()
            .flatMap(worker -> worker.containers().stream())
            .filter(one -> one.life() != ToldContainer.Life.DELETED)
            .map(ToldContainer::id)
            .toList();
    names("containers").stream()
        .filter(name -> name.startsWith("container_") && !alive.contains(name))
        .filter(this::deadButThere)
        .forEach(name -> left.add("workspace " + name));
    return left;
  }

  /** A container whose creation nobody heard of lives on; only the told ones are known dead. */
  private boolean deadButThere(String id) {
    return workers.stream()
        .flatMap(worker -> worker.containers().stream())
        .anyMatch(one -> one.id().equals(id));
  }

  private List<String> names(String part) {
    Path place = directory.resolve("data").resolve(part);
    try (Stream<Path> files = Files.list(place)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (java.nio.file.NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Report finish() {
    for (LoadWorker worker : workers) {
      worker.answered().forEach((what, times) -> report.answered.merge(what, times, Integer::sum));
      worker
          .unanswered()
          .forEach((what, times) -> report.unanswered.merge(what, times, Integer::sum));
      report.broken.addAll(worker.complaints());
    }
    return report;
  }

  /** What was done and seen. */
  static final class Report {
    private final Map<LoadWorker.Operation, Integer> answered =
        new EnumMap<>(LoadWorker.Operation.class);
    private final Map<LoadWorker.Operation, Integer> unanswered =
        new EnumMap<>(LoadWorker.Operation.class);
    private final List<String> broken = new ArrayList<>();
    private int facts;
    private int lostCells;

    /** Requests that were answered, by what they asked for. */
    Map<LoadWorker.Operation, Integer> answered() {
      return answered;
    }

    /** Requests that were under way when a server was killed. */
    Map<LoadWorker.Operation, Integer> unanswered() {
      return unanswered;
    }

    /** What was asked of the servers that came after. */
    int facts() {
      return facts;
    }

    int lostCells() {
      return lostCells;
    }

    /** Promises that were not kept. */
    List<String> broken() {
      return broken;
    }
  }
}
