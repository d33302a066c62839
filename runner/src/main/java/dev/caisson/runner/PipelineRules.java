package dev.caisson.runner;

import dev.caisson.domain.Durations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What must hold before a pipeline can run; finds everything that is wrong at once. */
final class PipelineRules {
  /** Names become directories and parts of variables. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,62}");

  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private final Pipeline.Builder pipeline;
  private final Map<String, Stage> stages = new LinkedHashMap<>();
  private final List<Problem> problems = new ArrayList<>();

  private PipelineRules(Pipeline.Builder pipeline) {
    this.pipeline = pipeline;
  }

  static List<Problem> problems(Pipeline.Builder pipeline) {
    PipelineRules rules = new PipelineRules(pipeline);
    rules.check();
    return rules.problems;
  }

  private void check() {
    name("pipeline", pipeline.name);
    pipeline.container.cellLimit().ifPresent(limit -> positive("container.cell_limit", limit));
    environment("env", pipeline.env);
    names("params", pipeline.params.keySet());
    if (pipeline.stages.isEmpty()) {
      problem("stages", "a pipeline has at least one stage");
    }
    for (Stage stage : pipeline.stages) {
      if (stages.put(stage.name(), stage) != null) {
        problem("stages." + stage.name(), "two stages have this name");
      }
    }
    stages.values().forEach(this::stage);
    List<String> cycle = StageOrder.of(pipeline.stages).cycle();
    if (!cycle.isEmpty()) {
      problem(
          "stages." + cycle.getFirst() + ".in",
          "the stages wait for each other in a circle: " + String.join(" reads from ", cycle));
    }
    pipeline.outputs.ifPresent(this::outputs);
  }

  private void stage(Stage stage) {
    String key = "stages." + stage.name();
    name(key, stage.name());
    script(key + ".run", stage.run());
    names(key + ".in", stage.in().keySet());
    stage.in().forEach((name, input) -> input(key + ".in." + name, input));
    for (int i = 0; i < stage.files().size(); i++) {
      inside(key + ".files[" + i + "]", stage.files().get(i));
    }
    if (stage.out().isEmpty()) {
      problem(key + ".out", "a stage hands on at least one file; name it here");
    }
    names(key + ".out", stage.out().keySet());
    places(key, stage);
    for (String param : stage.params()) {
      if (!pipeline.params.containsKey(param)) {
        unknown(key + ".params", "parameter", param, pipeline.params.keySet(), "the pipeline has");
      }
    }
    environment(key + ".env", stage.env());
    stage.timeout().ifPresent(timeout -> timeout(key + ".timeout", timeout));
    stage
        .minBytes()
        .forEach((artifact, bytes) -> {
          String at = key + ".expect." + artifact;
          if (!stage.out().containsKey(artifact)) {
            unknown(at, "artifact", artifact, stage.out().keySet(), "the stage makes");
          }
          if (bytes < 0) {
            problem(at + ".min_bytes", bytes + " is below 0");
          }
        });
  }

  private void script(String key, String script) {
    if (script.isEmpty()) {
      problem(key, "missing: the stage's script, such as clean.py");
    } else if (!script.endsWith(".py") && !script.endsWith(".sh")) {
      problem(
          key,
          "'" + StagePath.printable(script) + "' is no script: it ends neither in .py nor in .sh");
    } else {
      inside(key, script);
    }
  }

  private void inside(String key, String path) {
    Optional<String> bad = StagePath.insideProblem(path);
    if (bad.isPresent()) {
      problem(key, bad.get());
    } else {
      file(key, path);
    }
  }

  private void file(String key, String path) {
    Path file = pipeline.directory.resolve(path);
    if (!Files.exists(file)) {
      problem(key, "no file '" + path + "' in " + pipeline.directory);
    } else if (!Files.isRegularFile(file)) {
      problem(key, "'" + path + "' is not a regular file");
    } else if (!Files.isReadable(file)) {
      problem(key, "'" + path + "' cannot be read");
    }
  }

  private void input(String key, StageInput input) {
    switch (input) {
      case StageInput.SourceFile source -> {
        if (source.path().isBlank() || !source.path().equals(StagePath.printable(source.path()))) {
          problem(key, "'" + StagePath.printable(source.path()) + "' is no path");
        } else {
          file(key, source.path());
        }
      }
      case StageInput.Upstream upstream -> artifact(key, upstream.artifact());
    }
  }

  private void artifact(String key, ArtifactRef ref) {
    Stage maker = stages.get(ref.stage());
    if (maker == null) {
      unknown(key, "stage", ref.stage(), stages.keySet(), "the pipeline has");
    } else if (!maker.out().containsKey(ref.artifact())) {
      unknown(
          key, "artifact", ref.artifact(), maker.out().keySet(), "stage " + ref.stage() + " makes");
    }
  }

  /** No two files of a stage may stand at one place of its directory. */
  private void places(String key, Stage stage) {
    Map<String, String> taken = new HashMap<>();
    if (StagePath.insideProblem(stage.run()).isEmpty()) {
      taken.put(StagePath.normal(stage.run()), "the script");
    }
    for (String helper : stage.files()) {
      if (StagePath.insideProblem(helper).isEmpty()) {
        take(taken, key + ".files", StagePath.normal(helper), "a helper file");
      }
    }
    stage
        .in()
        .forEach((name, input) ->
            place(input).ifPresent(at -> take(taken, key + ".in." + name, at, "input " + name)));
    stage
        .out()
        .forEach((name, filename) -> {
          Optional<String> bad = StagePath.artifactProblem(filename);
          if (bad.isPresent()) {
            problem(key + ".out." + name, bad.get());
          } else {
            take(taken, key + ".out." + name, StagePath.normal(filename), "artifact " + name);
          }
        });
  }

  /** Where the input stands; empty when only the run will tell, or when it is wrong anyway. */
  private Optional<String> place(StageInput input) {
    return switch (input) {
      case StageInput.SourceFile source ->
          source.path().isBlank() || !source.path().equals(StagePath.printable(source.path()))
              ? Optional.empty()
              : Optional.of(StagePath.place(pipeline.directory, source.path()));
      case StageInput.Upstream upstream ->
          Optional.ofNullable(stages.get(upstream.artifact().stage()))
              .map(maker -> maker.out().get(upstream.artifact().artifact()))
              .filter(filename -> StagePath.artifactProblem(filename).isEmpty())
              .filter(filename -> !filename.contains("*"))
              .map(StagePath::normal);
    };
  }

  private void take(Map<String, String> taken, String key, String place, String what) {
    String other = taken.putIfAbsent(place, what);
    if (other != null) {
      problem(
          key,
          "'" + place + "' is also " + other + "; the files of a stage have names of their own");
    }
  }

  private void outputs(List<ArtifactRef> outputs) {
    Map<String, String> taken = new HashMap<>();
    for (int i = 0; i < outputs.size(); i++) {
      ArtifactRef ref = outputs.get(i);
      String key = "outputs[" + i + "]";
      artifact(key, ref);
      Stage maker = stages.get(ref.stage());
      String filename = maker == null ? null : maker.out().get(ref.artifact());
      if (filename != null && StagePath.artifactProblem(filename).isEmpty()) {
        take(taken, key, StagePath.normal(filename), "output " + ref);
      }
    }
  }

  private void environment(String key, Map<String, String> variables) {
    variables.forEach((variable, value) -> {
      if (!VARIABLE.matcher(variable).matches()) {
        problem(key, "'" + StagePath.printable(variable) + "' is no name of a variable");
      } else if (StageEnvironment.PREFIXES.stream().anyMatch(variable::startsWith)) {
        problem(
            key + "." + variable,
            "names that start with IN_, OUT_ or PARAM_ are set by the runner");
      } else if (value.indexOf('\0') >= 0) {
        problem(key + "." + variable, "a value cannot hold a NUL character");
      }
    });
  }

  /** Two names that differ only in case or in - and _ would share a variable. */
  private void names(String key, Collection<String> names) {
    Map<String, String> variables = new HashMap<>();
    for (String name : names) {
      name(key + "." + name, name);
      String other = variables.putIfAbsent(StageEnvironment.variable("", name), name);
      if (other != null) {
        problem(key + "." + name, "too like '" + other + "': both would be one variable");
      }
    }
  }

  private void name(String key, String name) {
    if (!NAME.matcher(name).matches()) {
      problem(
          key,
          "'"
              + StagePath.printable(name)
              + "' is no name: a letter, then up to 62 letters, digits, '-' or '_'");
    }
  }

  private void timeout(String key, Duration timeout) {
    positive(key, timeout);
    pipeline
        .container
        .cellLimit()
        .filter(limit -> timeout.compareTo(limit) > 0)
        .ifPresent(limit ->
            problem(
                key,
                Durations.format(timeout)
                    + " is over container.cell_limit, which is "
                    + Durations.format(limit)));
  }

  private void positive(String key, Duration duration) {
    if (!duration.isPositive()) {
      problem(key, "must be longer than nothing");
    }
  }

  private void unknown(
      String key, String what, String word, Collection<String> known, String owner) {
    problem(
        key,
        "unknown "
            + what
            + " '"
            + StagePath.printable(word)
            + "'"
            + Suggestion.near(word, known)
            + (known.isEmpty()
                ? " (there is none)"
                : " (" + owner + ": " + String.join(", ", known) + ")"));
  }

  private void problem(String key, String message) {
    problems.add(new Problem(key, message));
  }
}
