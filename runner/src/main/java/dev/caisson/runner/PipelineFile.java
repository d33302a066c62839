package dev.caisson.runner;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Durations;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads a pipeline's definition from YAML, strictly: what is not understood is an error that names
 * file, line and key. All errors of a file are told at once.
 */
public final class PipelineFile {
  /** The file that a directory stands for. */
  public static final String NAME = "pipeline.yaml";

  private static final List<String> PIPELINE_KEYS =
      List.of("pipeline", "image", "container", "params", "env", "stages", "outputs");
  private static final List<String> CONTAINER_KEYS = List.of("cell_limit", "reuse");
  private static final List<String> STAGE_KEYS =
      List.of("run", "in", "out", "files", "params", "env", "timeout", "expect");
  private static final List<String> EXPECT_KEYS = List.of("min_bytes");

  private final Path file;
  private final List<Problem> problems = new ArrayList<>();
  private final Map<String, Integer> lines = new HashMap<>();

  private PipelineFile(Path file) {
    this.file = file;
  }

  /**
   * Reads the pipeline.
   *
   * @param directoryOrFile a directory stands for the {@link #NAME} in it
   * @throws CaissonException.InvalidRequest that tells everything that is wrong, a line each
   */
  public static Pipeline read(Path directoryOrFile) {
    Path file =
        Files.isDirectory(directoryOrFile) ? directoryOrFile.resolve(NAME) : directoryOrFile;
    return new PipelineFile(file).read();
  }

  private Pipeline read() {
    YamlNode root;
    try {
      root = YamlTree.read(new StringReader(Files.readString(file)));
    } catch (YamlTree.Malformed e) {
      throw new CaissonException.InvalidRequest(file + ":" + e.line() + ": " + e.getMessage());
    } catch (CharacterCodingException e) {
      throw new CaissonException.InvalidRequest(file + ": not UTF-8");
    } catch (IOException e) {
      throw new CaissonException.InvalidRequest(unreadable());
    }
    if (!(root instanceof YamlNode.Mapping mapping)) {
      throw new CaissonException.InvalidRequest(
          file + ":" + root.line() + ": a pipeline is a mapping (key: value), not " + root.kind());
    }
    Pipeline.Builder builder =
        pipeline(new YamlFields("", mapping, problems, lines).allow(PIPELINE_KEYS));
    problems.addAll(PipelineRules.problems(builder));
    if (!problems.isEmpty()) {
      throw new CaissonException.InvalidRequest(told());
    }
    return builder.build();
  }

  private String unreadable() {
    return !Files.exists(file)
        ? "no pipeline at " + file + ": give a directory with a " + NAME + ", or the file itself"
        : "pipeline " + file + " cannot be read";
  }

  private Pipeline.Builder pipeline(YamlFields fields) {
    Path directory = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file);
    String name = fields.word("pipeline").orElse(null);
    if (name == null) {
      if (!fields.keys().contains("pipeline")) {
        problems.add(new Problem("pipeline", "missing: the pipeline's name"));
      }
      // Stands in, so that the rest is checked too.
      name = "unnamed";
    }
    Pipeline.Builder builder = Pipeline.named(name, directory);
    fields.word("image").ifPresent(builder::image);
    fields.fields("container").ifPresent(inner -> builder.container(container(inner)));
    fields.texts("params").forEach(builder::param);
    fields.texts("env").forEach(builder::env);
    if (!fields.keys().contains("stages")) {
      problems.add(new Problem("stages", "missing: the pipeline's stages"));
    }
    fields.fields("stages").ifPresent(stages -> stages(stages, builder));
    if (fields.keys().contains("outputs")) {
      builder.outputs(outputs(fields));
    }
    return builder;
  }

  private ContainerPolicy container(YamlFields fields) {
    fields.allow(CONTAINER_KEYS);
    return new ContainerPolicy(
        duration(fields, "cell_limit"),
        fields.truth("reuse").orElse(ContainerPolicy.DEFAULT.reuse()));
  }

  private void stages(YamlFields stages, Pipeline.Builder builder) {
    if (stages.keys().isEmpty()) {
      return;
    }
    for (String name : stages.keys()) {
      stages
          .fields(name)
          .ifPresent(fields -> builder.stage(stage(name, fields.allow(STAGE_KEYS), stages.keys())));
    }
  }

  private Stage stage(String name, YamlFields fields, Collection<String> stageNames) {
    Stage.Builder stage = Stage.named(name);
    fields.word("run").ifPresent(stage::run);
    fields
        .words("in")
        .forEach((input, text) -> {
          Optional<ArtifactRef> ref = reference(text, stageNames);
          ref.ifPresentOrElse(artifact -> stage.in(input, artifact), () -> stage.in(input, text));
        });
    fields.words("out").forEach(stage::out);
    fields.list("files").forEach(stage::files);
    fields.list("params").forEach(stage::params);
    fields.texts("env").forEach(stage::env);
    duration(fields, "timeout").ifPresent(stage::timeout);
    fields
        .fields("expect")
        .ifPresent(expect -> {
          for (String artifact : expect.keys()) {
            expect
                .fields(artifact)
                .flatMap(inner -> minBytes(inner.allow(EXPECT_KEYS)))
                .ifPresent(bytes -> stage.expectMinBytes(artifact, bytes));
          }
        });
    return stage.build();
  }

  /**
   * The artifact that a text names. {@code clean.rows} is one when there is a stage {@code clean};
   * when there is neither such a stage nor such a file, it is taken for a misspelt one, whose error
   * lists the stages. {@code ./clean.csv} is always a file.
   */
  private Optional<ArtifactRef> reference(String text, Collection<String> stageNames) {
    int dot = text.indexOf('.');
    if (dot <= 0 || dot != text.lastIndexOf('.') || text.contains("/") || text.endsWith(".")) {
      return Optional.empty();
    }
    ArtifactRef ref = new ArtifactRef(text.substring(0, dot), text.substring(dot + 1));
    boolean misspelt =
        !stageNames.contains(ref.stage())
            && !Suggestion.near(ref.stage(), stageNames).isEmpty()
            && !Files.exists(file.toAbsolutePath().resolveSibling(text));
    return stageNames.contains(ref.stage()) || misspelt ? Optional.of(ref) : Optional.empty();
  }

  private ArtifactRef[] outputs(YamlFields fields) {
    List<ArtifactRef> refs = new ArrayList<>();
    List<String> texts = fields.list("outputs");
    for (String text : texts) {
      int dot = text.indexOf('.');
      if (dot <= 0 || dot == text.length() - 1) {
        fields.problem("outputs", "'" + StagePath.printable(text) + "' is not stage.artifact");
      } else {
        refs.add(new ArtifactRef(text.substring(0, dot), text.substring(dot + 1)));
      }
    }
    return refs.toArray(ArtifactRef[]::new);
  }

  private static Optional<Duration> duration(YamlFields fields, String key) {
    return fields
        .text(key)
        .flatMap(text -> {
          try {
            return Optional.of(Durations.parse(text));
          } catch (IllegalArgumentException e) {
            fields.problem(key, String.valueOf(e.getMessage()));
            return Optional.empty();
          }
        });
  }

  private static Optional<Long> minBytes(YamlFields fields) {
    return fields
        .text("min_bytes")
        .flatMap(text -> {
          try {
            return Optional.of(ByteSize.parse(text).bytes());
          } catch (IllegalArgumentException | ArithmeticException e) {
            fields.problem("min_bytes", String.valueOf(e.getMessage()));
            return Optional.empty();
          }
        });
  }

  private String told() {
    return problems.stream()
        .sorted(Comparator.comparingInt(problem -> line(problem.key())))
        .map(problem ->
            file + ":" + line(problem.key()) + ": " + problem.key() + ": " + problem.message())
        .distinct()
        .collect(Collectors.joining("\n"));
  }

  /** The line of a key, or of the nearest thing around it. */
  private int line(String key) {
    String around = key;
    while (!around.isEmpty()) {
      Integer line = lines.get(around);
      if (line != null) {
        return line;
      }
      int cut = Math.max(around.lastIndexOf('.'), around.lastIndexOf('['));
      around = cut < 0 ? "" : around.substring(0, cut);
    }
    return 1;
  }
}
