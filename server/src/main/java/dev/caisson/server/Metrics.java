package dev.caisson.server;

import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.engine.Census;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineListener;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * What is counted, for Prometheus. No label has ids, paths or names of users, so that the number of
 * series stays what it is. Safe for use from many threads.
 */
final class Metrics implements EngineListener {
  /** From a warm cell's millisecond to the longest cell and its wait. */
  private static final double[] SECONDS = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90, 300
  };

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Engine engine;

  private final Counter cells;
  private final Counter cellCpu;
  private final Histogram cellTimes;
  private final Histogram queueTimes;
  private final Histogram sandboxTimes;
  private final Counter refusedForDisk;
  private final Counter requests;
  private final Histogram requestTimes;

  private final Gauge containers;
  private final Gauge cellsUnderWay;
  private final Gauge sandboxes;
  private final Gauge storedFiles;
  private final Gauge storedBytes;
  private final Gauge diskFree;
  private final Gauge disk;
  private final Gauge diskFloor;

  Metrics(Engine engine) {
    this.engine = engine;
    this.cells =
        counter("caisson_cells", "Cells that have ended.", "language", "outcome", "reason");
    this.cellCpu = counter("caisson_cell_cpu_seconds", "Processor time of cells.", "language");
    this.cellTimes = histogram("caisson_cell_seconds", "Wall clock of cells.", "language");
    this.queueTimes = histogram("caisson_cell_queue_seconds", "Waits of cells for their turn.");
    this.sandboxTimes = histogram("caisson_sandbox_open_seconds", "Cold starts of sandboxes.");
    this.refusedForDisk =
        counter("caisson_disk_refused", "What was refused because the disk is under its floor.");
    this.requests =
        counter("caisson_http_requests", "Requests answered.", "method", "route", "status");
    this.requestTimes =
        histogram(
            "caisson_http_request_seconds", "Times to the end of a reply.", "method", "route");
    this.containers = gauge("caisson_containers", "Containers that live.", "state");
    this.cellsUnderWay =
        gauge("caisson_cells_under_way", "Cells that run, wait for their turn, or for tools.");
    this.sandboxes = gauge("caisson_sandboxes", "Sandboxes that are open.", "state");
    this.storedFiles = gauge("caisson_stored_files", "Files of the Files API.");
    this.storedBytes = gauge("caisson_stored_bytes", "Their sizes together.");
    this.diskFree = gauge("caisson_disk_free_bytes", "Space left beside the data directory.");
    this.disk = gauge("caisson_disk_bytes", "Size of the disk of the data directory.");
    this.diskFloor =
        gauge("caisson_disk_floor_bytes", "Free space under which nothing new is taken in.");
    JvmMetrics.builder().register(registry);
    engine.listen(this);
  }

  private Counter counter(String name, String help, String... labels) {
    return Counter.builder().name(name).help(help).labelNames(labels).register(registry);
  }

  private Gauge gauge(String name, String help, String... labels) {
    return Gauge.builder().name(name).help(help).labelNames(labels).register(registry);
  }

  private Histogram histogram(String name, String help, String... labels) {
    return Histogram.builder()
        .name(name)
        .help(help)
        .labelNames(labels)
        .classicOnly()
        .classicUpperBounds(SECONDS)
        .register(registry);
  }

  /** Everything, as it is now. */
  synchronized MetricSnapshots scrape() {
    Census census = engine.census();
    Arrays.stream(ContainerStatus.values())
        .filter(ContainerStatus::alive)
        .forEach(state ->
            containers
                .labelValues(state.wireName())
                .set((double) census.containers().getOrDefault(state, 0L)));
    cellsUnderWay.set((double) census.cellsUnderWay());
    sandboxes.labelValues("in_use").set((double) census.sandboxesInUse());
    sandboxes.labelValues("idle").set((double) (census.sandboxes() - census.sandboxesInUse()));
    storedFiles.set((double) census.storedFiles());
    storedBytes.set((double) census.storedBytes());
    diskFree.set((double) census.diskFree().bytes());
    disk.set((double) census.disk().bytes());
    diskFloor.set((double) census.diskFloor().bytes());
    return registry.scrape();
  }

  @Override
  public void cellStarted(Duration waited) {
    queueTimes.observe(seconds(waited));
  }

  @Override
  public void cellEnded(Cell cell) {
    String language = cell.language().wireName();
    cells.labelValues(language, cell.outcome().status(), reason(cell)).inc();
    cellCpu.labelValues(language).inc(seconds(cell.cpu()));
    cellTimes.labelValues(language).observe(seconds(cell.wall()));
  }

  /** Our own words only: the same few for ever. */
  private static String reason(Cell cell) {
    return switch (cell.outcome()) {
      case CellOutcome.Completed completed -> completed.returnCode() == 0 ? "" : "error";
      case CellOutcome.TimedOut timedOut -> "";
      case CellOutcome.Killed killed -> killed.reason();
      case CellOutcome.Lost lost -> lost.reason();
    };
  }

  @Override
  public void sandboxOpened(Duration took) {
    sandboxTimes.observe(seconds(took));
  }

  @Override
  public void refusedForDisk() {
    refusedForDisk.inc();
  }

  /** A request was answered to its end. */
  void answered(String method, String route, int status, Duration took) {
    requests.labelValues(method, route, Integer.toString(status)).inc();
    requestTimes.labelValues(method, route).observe(seconds(took));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / (double) TimeUnit.SECONDS.toNanos(1);
  }
}
