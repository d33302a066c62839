package dev.caisson.runner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A pipeline's directory with what it takes to run it, and what was heard of its runs. */
final class PipelineFixture {
  final Path directory;
  final Path store;
  final ProcessContainers client;
  final List<RunEvent> events = new ArrayList<>();

  PipelineFixture(Path temporary) {
    directory = temporary.resolve("pipeline");
    store = temporary.resolve("runs");
    client = new ProcessContainers(temporary.resolve("containers"));
  }

  /** Three stages that hand on text files: extract, clean, total. */
  static PipelineFixture threeStages(Path temporary) {
    PipelineFixture fixture = new PipelineFixture(temporary);
    fixture.file("data/numbers.csv", "n\n3\n-1\n4\n");
    fixture.file(
        "extract.py",
        """
        import os
        rows = open(os.environ["IN_RAW"]).read().split()[1:]
        print(len(rows), "rows")
        open("rows.txt", "w").write("\\n".join(rows) + "\\n")
        """);
    fixture.file(
        "clean.sh",
        """
        set -eu
        grep -v '^-' "$IN_ROWS" > "$OUT_CLEAN"
        """);
    fixture.file(
        "total.py",
        """
        total = sum(int(line) for line in open("clean.txt"))
        open("total.txt", "w").write(f"{total}\\n")
        """);
    fixture.file(
        "pipeline.yaml",
        """
        pipeline: numbers
        stages:
          extract: {run: extract.py, in: {raw: data/numbers.csv}, out: {rows: rows.txt}}
          clean:   {run: clean.sh, in: {rows: extract.rows}, out: {clean: clean.txt}}
          total:   {run: total.py, in: {clean: clean.clean}, out: {total: total.txt}}
        """);
    return fixture;
  }

  /** Writes a file beside the pipeline file. */
  PipelineFixture file(String path, String content) {
    try {
      Path file = directory.resolve(path);
      Files.createDirectories(file.getParent());
      Files.writeString(file, content);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Replaces a text that must be there. */
  PipelineFixture edit(String path, String old, String replacement) {
    String text = read(path);
    if (!text.contains(old)) {
      throw new IllegalArgumentException(path + " does not hold '" + old + "'");
    }
    return file(path, text.replace(old, replacement));
  }

  String read(String path) {
    try {
      return Files.readString(directory.resolve(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  RunSettings settings() {
    return RunSettings.defaults(store).withLockWait(Duration.ZERO);
  }

  /** Runs the pipeline and keeps what was heard of this run alone. */
  RunResult run() {
    return run(settings());
  }

  RunResult run(RunSettings settings) {
    events.clear();
    return PipelineRun.run(client, directory, settings, events::add);
  }

  /** The names of the stages whose scripts ran, in order. */
  List<String> ran() {
    return heard(RunEvent.StageFinished.class).stream().map(RunEvent.StageFinished::stage).toList();
  }

  List<String> cached() {
    return heard(RunEvent.StageCached.class).stream().map(RunEvent.StageCached::stage).toList();
  }

  <T extends RunEvent> List<T> heard(Class<T> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  StageFailure failure(RunResult result) {
    if (result.outcome() instanceof RunResult.Outcome.Failed failed) {
      return failed.failure();
    }
    throw new AssertionError("the run did not fail: " + result.outcome());
  }
}
