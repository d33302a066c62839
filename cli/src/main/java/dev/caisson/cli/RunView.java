package dev.caisson.cli;

import dev.caisson.domain.OutputStreamKind;
import dev.caisson.runner.Artifact;
import dev.caisson.runner.RunEvent;
import dev.caisson.runner.RunListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Shows a pipeline's run: one line a stage, and on a terminal a line below that counts the seconds
 * of the stage that runs.
 */
final class RunView implements RunListener, AutoCloseable {
  private static final Duration TICK = Duration.ofMillis(100);

  private final Console console;
  private final Status status;
  private final Path workingDirectory;
  private final StringBuilder partialLine = new StringBuilder();
  private final @Nullable Thread ticker;

  private volatile @Nullable String running;
  private volatile long startedNanos;

  RunView(Console console, Path workingDirectory) {
    this.console = console;
    this.workingDirectory = workingDirectory;
    this.status = new Status(console);
    this.ticker =
        console.errIsTerminal() ? Thread.ofVirtual().name("run-view").start(this::tick) : null;
  }

  @Override
  public synchronized void on(RunEvent event) {
    status.clear();
    switch (event) {
      case RunEvent.Waiting waiting ->
          console.note(
              "another run of this pipeline goes on (" + waiting.holder() + "); waiting for it");
      case RunEvent.ContainerOpened opened ->
          console.line(
              console.dim((opened.fresh() ? "new container " : "container ") + opened.container()));
      case RunEvent.Rebuilding rebuilding ->
          console.line(
              rebuilding.reason() + ": rebuilding " + String.join(", ", rebuilding.stages()));
      case RunEvent.Restored restored ->
          console.line(
              "restored " + restored.artifact() + " (" + Sizes.human(restored.sizeBytes()) + ")");
      case RunEvent.StageCached cached ->
          console.line(
              stage(console.green("●"), cached.stage(), "cached")
                  + console.dim("  saves " + seconds(cached.saved())));
      case RunEvent.StageStarted started -> {
        running = started.stage();
        startedNanos = System.nanoTime();
        console.line(stage("▶", started.stage(), "runs: " + started.reason()));
      }
      case RunEvent.Output output -> output(output);
      case RunEvent.StageFinished finished -> {
        endOfStage();
        console.line(
            stage(console.green("✓"), finished.stage(), seconds(finished.wall()))
                + "  "
                + artifacts(finished.artifacts()));
      }
      case RunEvent.StageFailed failed -> {
        endOfStage();
        console.line(stage(console.red("✗"), failed.failure().stage(), "failed"));
      }
      case RunEvent.StageRepeated repeated -> {
        endOfStage();
        console.line(stage("↻", repeated.stage(), "again: " + repeated.reason()));
      }
      case RunEvent.BroughtOut out ->
          console.line(
              "  "
                  + display(out.path())
                  + console.dim(
                      "  " + Sizes.human(out.sizeBytes()) + (out.written() ? "" : ", unchanged")));
    }
  }

  @Override
  public void close() {
    Thread thread = ticker;
    if (thread != null) {
      thread.interrupt();
    }
    status.clear();
  }

  /** What a script prints is shown line by line under its stage. */
  private void output(RunEvent.Output output) {
    partialLine.append(output.text());
    int end = partialLine.indexOf("\n");
    while (end >= 0) {
      show(partialLine.substring(0, end), output.stream());
      partialLine.delete(0, end + 1);
      end = partialLine.indexOf("\n");
    }
  }

  private void show(String text, OutputStreamKind stream) {
    String line = "    " + Sizes.printable(text.replace("\r", "").replace("\t", "    "));
    console.line(stream == OutputStreamKind.STDERR ? line : console.dim(line));
  }

  private void endOfStage() {
    running = null;
    if (!partialLine.isEmpty()) {
      show(partialLine.toString(), OutputStreamKind.STDOUT);
      partialLine.setLength(0);
    }
  }

  private void tick() {
    try {
      while (true) {
        Thread.sleep(TICK);
        synchronized (this) {
          String stage = running;
          if (stage != null) {
            status.show(
                "▶ " + stage + "  " + seconds(Duration.ofNanos(System.nanoTime() - startedNanos)));
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String display(Path path) {
    return path.startsWith(workingDirectory)
        ? workingDirectory.relativize(path).toString()
        : path.toString();
  }

  private static String stage(String mark, String name, String text) {
    return mark + " " + String.format("%-14s", name) + " " + text;
  }

  private static String artifacts(List<Artifact> artifacts) {
    return artifacts.stream()
        .map(artifact -> artifact.filename() + " " + Sizes.human(artifact.sizeBytes()))
        .collect(Collectors.joining(", "));
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }
}
