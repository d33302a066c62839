package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A pipeline that can run: every name resolves, every file of its author exists, nothing goes in
 * circles. Made by {@link Builder#build} or read by {@link PipelineFile}.
 *
 * @param directory absolute; the scripts' home, and the parent of {@code out/}
 * @param stages each after those whose artifacts it reads, otherwise in the author's order
 * @param outputs the artifacts that are brought out to {@code out/}
 */
public record Pipeline(
    String name,
    Path directory,
    Optional<String> image,
    ContainerPolicy container,
    Map<String, String> params,
    Map<String, String> env,
    List<Stage> stages,
    List<ArtifactRef> outputs) {
  public Pipeline {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
    stages = List.copyOf(stages);
    outputs = List.copyOf(outputs);
  }

  /** Starts a pipeline of that name in that directory. */
  public static Builder named(String name, Path directory) {
    return new Builder(name, directory);
  }

  /** The stage of that name. */
  public Stage stage(String stageName) {
    return stages.stream()
        .filter(stage -> stage.name().equals(stageName))
        .findFirst()
        .orElseThrow(() ->
            new CaissonException.InvalidRequest(
                "pipeline " + name + " has no stage '" + stageName + "'"));
  }

  /** The same pipeline with other values for some of its parameters. */
  Pipeline withParams(Map<String, String> values) {
    Map<String, String> merged = new LinkedHashMap<>(params);
    merged.putAll(values);
    return new Pipeline(name, directory, image, container, merged, env, stages, outputs);
  }

  /** The same pipeline, with this image when it names none. */
  Pipeline withDefaultImage(String imageName) {
    return new Pipeline(
        name,
        directory,
        image.or(() -> Optional.of(imageName)),
        container,
        params,
        env,
        stages,
        outputs);
  }

  /** Where brought-out artifacts land. */
  public Path outputDirectory() {
    return directory.resolve("out");
  }

  /** Collects the parts of a pipeline; for one thread. */
  public static final class Builder {
    final String name;
    final Path directory;
    Optional<String> image = Optional.empty();
    ContainerPolicy container = ContainerPolicy.DEFAULT;
    final Map<String, String> params = new LinkedHashMap<>();
    final Map<String, String> env = new LinkedHashMap<>();
    final List<Stage> stages = new ArrayList<>();
    Optional<List<ArtifactRef>> outputs = Optional.empty();

    private Builder(String name, Path directory) {
      this.name = name;
      this.directory = directory.toAbsolutePath().normalize();
    }

    public Builder image(String imageName) {
      image = Optional.of(imageName);
      return this;
    }

    public Builder container(ContainerPolicy policy) {
      container = policy;
      return this;
    }

    public Builder param(String param, String value) {
      params.put(param, value);
      return this;
    }

    public Builder env(String variable, String value) {
      env.put(variable, value);
      return this;
    }

    public Builder stage(Stage stage) {
      stages.add(stage);
      return this;
    }

    /** Brings out these; without a call, every artifact that no stage reads. */
    public Builder outputs(ArtifactRef... artifacts) {
      outputs = Optional.of(List.of(artifacts));
      return this;
    }

    /** Throws {@code InvalidRequest} that names everything that is wrong. */
    public Pipeline build() {
      List<Problem> problems = PipelineRules.problems(this);
      if (!problems.isEmpty()) {
        throw new CaissonException.InvalidRequest(
            problems.stream()
                .map(
                    problem -> "pipeline " + name + ": " + problem.key() + ": " + problem.message())
                .collect(Collectors.joining("\n")));
      }
      return new Pipeline(
          name,
          directory,
          image,
          container,
          params,
          env,
          StageOrder.of(stages).stages(),
          outputs.orElseGet(() -> unread(stages)));
    }

    private static List<ArtifactRef> unread(List<Stage> stages) {
      List<ArtifactRef> unread = new ArrayList<>();
      for (Stage stage : stages) {
        stage.out().keySet().forEach(out -> unread.add(new ArtifactRef(stage.name(), out)));
      }
      for (Stage stage : stages) {
        for (StageInput input : stage.in().values()) {
          if (input instanceof StageInput.Upstream upstream) {
            unread.remove(upstream.artifact());
          }
        }
      }
      return unread;
    }
  }
}
