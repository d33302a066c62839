package dev.caisson.runner;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One script with the files it reads and the files it makes. All paths are relative to the
 * pipeline's directory; {@link Pipeline.Builder#build} checks them.
 *
 * @param run the script, {@code .py} or {@code .sh}
 * @param in inputs by name
 * @param out artifact name to file name; a file name may hold one {@code *} that must match exactly
 *     one file
 * @param files helper files that the script reads or imports
 * @param params names of the pipeline's parameters that the script is given
 * @param env variables of this stage, over those of the pipeline
 * @param timeout wall clock, at most the cell limit; empty for the pipeline's cell limit
 * @param minBytes the least size of an artifact, by artifact name
 */
public record Stage(
    String name,
    String run,
    Map<String, StageInput> in,
    Map<String, String> out,
    List<String> files,
    List<String> params,
    Map<String, String> env,
    Optional<Duration> timeout,
    Map<String, Long> minBytes) {
  public Stage {
    in = ordered(in);
    out = ordered(out);
    files = List.copyOf(files);
    params = List.copyOf(params);
    env = ordered(env);
    minBytes = ordered(minBytes);
  }

  /** Starts a stage of that name. */
  public static Builder named(String name) {
    return new Builder(name);
  }

  /** A copy that keeps the author's order, which errors and keys are told in. */
  private static <V> Map<String, V> ordered(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /** Collects the parts of a stage; for one thread. */
  public static final class Builder {
    private final String name;
    private String run = "";
    private final Map<String, StageInput> in = new LinkedHashMap<>();
    private final Map<String, String> out = new LinkedHashMap<>();
    private final List<String> files = new ArrayList<>();
    private final List<String> params = new ArrayList<>();
    private final Map<String, String> env = new LinkedHashMap<>();
    private Optional<Duration> timeout = Optional.empty();
    private final Map<String, Long> minBytes = new LinkedHashMap<>();

    private Builder(String name) {
      this.name = name;
    }

    public Builder run(String script) {
      run = script;
      return this;
    }

    /** Reads a file of the pipeline's author. */
    public Builder in(String input, String path) {
      in.put(input, new StageInput.SourceFile(path));
      return this;
    }

    /** Reads what an earlier stage made. */
    public Builder in(String input, ArtifactRef artifact) {
      in.put(input, new StageInput.Upstream(artifact));
      return this;
    }

    public Builder out(String artifact, String filename) {
      out.put(artifact, filename);
      return this;
    }

    public Builder files(String... helpers) {
      files.addAll(List.of(helpers));
      return this;
    }

    public Builder params(String... names) {
      params.addAll(List.of(names));
      return this;
    }

    public Builder env(String variable, String value) {
      env.put(variable, value);
      return this;
    }

    public Builder timeout(Duration limit) {
      timeout = Optional.of(limit);
      return this;
    }

    /** Refuses the artifact when it is smaller. */
    public Builder expectMinBytes(String artifact, long bytes) {
      minBytes.put(artifact, bytes);
      return this;
    }

    public Stage build() {
      return new Stage(name, run, in, out, files, params, env, timeout, minBytes);
    }
  }
}
