package dev.caisson.bench;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.Fork;
import dev.caisson.domain.OutputListener;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.sandbox.BuildRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code ./caisson bench files}: what the files of a workspace cost: a warm cell beside 200 of
 * them, against one in an empty workspace; a fork of 200 MB, against {@code cp -a} of the same
 * files. Exit code 1 when it is more than promised.
 */
public final class FilesMain {
  private static final double MOST_FOR_FILES = 1.1;
  private static final double MOST_FOR_FORK = 1.5;

  /** In turns: what the machine does otherwise falls on both. */
  private static final int ROUNDS = 100;

  private static final int IN_A_ROW = 10;
  private static final int WARM_UP = 300;
  private static final int FORKS = 7;

  private FilesMain() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length > 0) {
      System.err.println("usage: caisson bench files");
      System.exit(2);
    }
    Path data = Files.createTempDirectory("caisson-bench-files");
    boolean holds;
    try (EmbeddedCaisson caisson =
        EmbeddedCaisson.open(EmbeddedSettings.defaults(data, Main.imagesDirectory()))) {
      caisson.images().build(BuildRequest.standard(), step -> {});
      boolean cells = measureCells(caisson.client());
      holds = measureForks(caisson.client(), data) && cells;
    } finally {
      Main.delete(data);
    }
    System.out.println(holds ? "holds" : "DOES NOT HOLD");
    System.exit(holds ? 0 : 1);
  }

  private static boolean measureCells(CaissonClient client) {
    ContainerId empty = container(client, "pass");
    ContainerId full =
        container(
            client,
            """
            import os
            for i in range(200):
                if i % 20 == 0:
                    os.makedirs("/home/user/project/%d" % i); os.chdir("/home/user/project/%d" % i)
                open("%d.txt" % i, "w").write("x" * 1000)
            """);
    for (int i = 0; i < WARM_UP; i++) {
      cell(client, empty);
      cell(client, full);
    }
    List<Long> without = new ArrayList<>();
    List<Long> with = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      for (int j = 0; j < IN_A_ROW; j++) {
        without.add(cell(client, empty));
      }
      for (int j = 0; j < IN_A_ROW; j++) {
        with.add(cell(client, full));
      }
    }
    Samples alone = new Samples(without);
    Samples beside = new Samples(with);
    double ratio = beside.medianMillis() / alone.medianMillis();
    System.out.printf(
        Locale.ROOT,
        "warm Python cell: empty workspace %.2f ms (p90 %.2f), 200 files %.2f ms (p90 %.2f), ratio"
            + " %.2f (promised: <= %.1f)%n",
        alone.medianMillis(),
        alone.p90Millis(),
        beside.medianMillis(),
        beside.p90Millis(),
        ratio,
        MOST_FOR_FILES);
    return ratio <= MOST_FOR_FILES;
  }

  private static boolean measureForks(CaissonClient client, Path data)
      throws IOException, InterruptedException {
    ContainerId original =
        container(
            client,
            """
            import os
            for i in range(400):
                open("/home/user/%d.bin" % i, "wb").write(os.urandom(500_000))
            """);
    Path workspace = data.resolve("containers").resolve(original.value());
    List<Long> copies = new ArrayList<>();
    List<Long> forks = new ArrayList<>();
    long shared = 0;
    for (int i = 0; i < FORKS; i++) {
      Path copy = data.resolve("copy");
      long began = System.nanoTime();
      Process process =
          new ProcessBuilder("cp", "-a", workspace.toString(), copy.toString()).inheritIO().start();
      if (process.waitFor() != 0) {
        throw new IllegalStateException("cp failed");
      }
      copies.add(System.nanoTime() - began);
      Main.delete(copy);
      began = System.nanoTime();
      Fork fork = client.fork(original, Optional.empty());
      forks.add(System.nanoTime() - began);
      shared = fork.sharedFiles();
      client.deleteContainer(fork.container().id());
    }
    Samples copied = new Samples(copies);
    Samples forked = new Samples(forks);
    double ratio = forked.medianMillis() / copied.medianMillis();
    System.out.printf(
        Locale.ROOT,
        "200 MB in 400 files: cp -a %.0f ms, fork %.0f ms (%d files shared), ratio %.2f (promised:"
            + " <= %.1f)%n",
        copied.medianMillis(),
        forked.medianMillis(),
        shared,
        ratio,
        MOST_FOR_FORK);
    return ratio <= MOST_FOR_FORK;
  }

  private static ContainerId container(CaissonClient client, String code) {
    ContainerId id = client.createContainer(ContainerSpec.DEFAULT).id();
    Cell made = client.run(id, CellSpec.python(code), OutputListener.NONE);
    if (made.outcome().returnCode() != 0) {
      throw new IllegalStateException(made.stderr().text());
    }
    return id;
  }

  private static long cell(CaissonClient client, ContainerId id) {
    long start = System.nanoTime();
    Cell cell = client.run(id, CellSpec.python("print(1)"), OutputListener.NONE);
    long nanos = System.nanoTime() - start;
    if (!cell.stdout().text().equals("1\n")) {
      throw new IllegalStateException("cell " + cell.id() + " said " + cell.stdout().text());
    }
    return nanos;
  }
}
