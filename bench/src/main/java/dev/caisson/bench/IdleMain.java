package dev.caisson.bench;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.OutputListener;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.sandbox.BuildRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * {@code ./caisson bench idle [--containers N]}: what containers cost that have run a cell and been
 * released: heap, and the latency of a warm cell beside them, against a server that has none. Exit
 * code 1 when it is more than promised.
 */
public final class IdleMain {
  private static final int CONTAINERS = 10_000;
  private static final double MOST_BYTES = 1024;
  private static final double MOST_RATIO = 1.1;

  /** Of each server, in turns: what the machine does otherwise falls on both. */
  private static final int ROUNDS = 200;

  private static final int IN_A_ROW = 10;

  /** Classes, pools and caches are there after so many. */
  private static final int WARM_UP = 300;

  private static final int COLLECTIONS = 5;

  private IdleMain() {}

  public static void main(String[] arguments) throws IOException {
    int containers = CONTAINERS;
    if (arguments.length == 2
        && arguments[0].equals("--containers")
        && arguments[1].matches("[1-9]\\d{0,6}")) {
      containers = Integer.parseInt(arguments[1]);
    } else if (arguments.length > 0) {
      System.err.println("usage: caisson bench idle [--containers N]");
      System.exit(2);
    }
    Path data = Files.createTempDirectory("caisson-bench-idle");
    boolean holds;
    try {
      holds = measure(data, containers);
    } finally {
      Main.delete(data);
    }
    System.exit(holds ? 0 : 1);
  }

  private static boolean measure(Path data, int containers) {
    try (EmbeddedCaisson empty = open(data.resolve("empty"));
        EmbeddedCaisson crowded = open(data.resolve("crowded"))) {
      empty.images().build(BuildRequest.standard(), step -> {});
      Probe alone = new Probe(empty.client());
      Probe beside = new Probe(crowded.client());
      for (int i = 0; i < WARM_UP; i++) {
        alone.cell();
        beside.cell();
      }
      use(crowded.client(), WARM_UP);
      long before = heap();
      System.err.println("making " + containers + " containers, with a cell in each");
      use(crowded.client(), containers);
      // The two that are warm still have a process each.
      double bytes = (heap() - before) / (double) containers;
      beside.cell();
      List<Long> aloneNanos = new ArrayList<>();
      List<Long> besideNanos = new ArrayList<>();
      for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < IN_A_ROW; j++) {
          aloneNanos.add(alone.cell());
        }
        for (int j = 0; j < IN_A_ROW; j++) {
          besideNanos.add(beside.cell());
        }
      }
      return tell(containers, bytes, new Samples(aloneNanos), new Samples(besideNanos));
    }
  }

  private static EmbeddedCaisson open(Path data) {
    EmbeddedSettings settings = EmbeddedSettings.defaults(data, Main.imagesDirectory());
    return EmbeddedCaisson.open(
        settings.withEngine(
            settings
                .engine()
                .withOrganizations(
                    settings
                        .engine()
                        .organizations()
                        .with(OrganizationLimit.CONTAINERS, Long.MAX_VALUE)
                        .with(OrganizationLimit.WARM, 2))));
  }

  /** Only two may be warm: each that follows sends the one before the last away. */
  private static void use(CaissonClient client, int containers) {
    for (int i = 1; i <= containers; i++) {
      ContainerId id = client.createContainer(ContainerSpec.DEFAULT).id();
      expectOne(client.run(id, CellSpec.bash("echo 1"), OutputListener.NONE));
      if (i % 1000 == 0) {
        System.err.println(i + " of " + containers);
      }
    }
  }

  private static long heap() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }

  private static boolean tell(int containers, double bytes, Samples alone, Samples beside) {
    double ratio = beside.medianMillis() / alone.medianMillis();
    System.out.printf(
        Locale.ROOT,
        "heap for each of %d idle containers: %.0f bytes (promised: <= %.0f)%n",
        containers,
        bytes,
        MOST_BYTES);
    System.out.printf(
        Locale.ROOT,
        "warm Python cell: alone %.2f ms (p90 %.2f), beside them %.2f ms (p90 %.2f), ratio %.2f"
            + " (promised: <= %.1f)%n",
        alone.medianMillis(),
        alone.p90Millis(),
        beside.medianMillis(),
        beside.p90Millis(),
        ratio,
        MOST_RATIO);
    boolean holds = bytes <= MOST_BYTES && ratio <= MOST_RATIO;
    System.out.println(holds ? "holds" : "DOES NOT HOLD");
    return holds;
  }

  private static void expectOne(Cell cell) {
    if (!cell.stdout().text().equals("1\n")) {
      throw new IllegalStateException("cell " + cell.id() + " said " + cell.stdout().text());
    }
  }

  /** One warm container. */
  private record Probe(CaissonClient client, ContainerId id) {
    private Probe(CaissonClient client) {
      this(client, client.createContainer(ContainerSpec.DEFAULT).id());
    }

    long cell() {
      long start = System.nanoTime();
      Cell cell = client.run(id, CellSpec.python("print(1)"), OutputListener.NONE);
      long nanos = System.nanoTime() - start;
      expectOne(cell);
      return nanos;
    }
  }
}
