package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Works out what a stage would be given if it ran now, and the key that follows from it. For one
 * thread.
 */
final class StagePlanner {
  private final Pipeline pipeline;
  private final String imageDigest;
  private final HashCache hashes;

  StagePlanner(Pipeline pipeline, String imageDigest, HashCache hashes) {
    this.pipeline = pipeline;
    this.imageDigest = imageDigest;
    this.hashes = hashes;
  }

  /** The stage as it would run now. Throws InvalidRequest when one of its files cannot be read. */
  StagePlan plan(Stage stage, Function<ArtifactRef, Artifact> made) {
    Map<String, String> code = new LinkedHashMap<>();
    code.put(StagePath.normal(stage.run()), hash(stage.run()));
    for (String helper : stage.files()) {
      code.put(StagePath.normal(helper), hash(helper));
    }
    Map<String, StagePlan.PlannedInput> inputs = new LinkedHashMap<>();
    for (Map.Entry<String, StageInput> input : stage.in().entrySet()) {
      inputs.put(input.getKey(), planned(input.getValue(), made));
    }
    Map<String, ActionKey.Placed> placed = new HashMap<>();
    inputs.forEach(
        (name, input) -> placed.put(name, new ActionKey.Placed(input.place(), input.sha256())));
    Set<String> executables = new HashSet<>();
    for (String helper : stage.files()) {
      if (Files.isExecutable(pipeline.directory().resolve(helper))) {
        executables.add(StagePath.normal(helper));
      }
    }
    ActionKey key = ActionKey.of(pipeline, stage, imageDigest, code, executables, placed);
    return new StagePlan(stage, key, code, executables, inputs);
  }

  private StagePlan.PlannedInput planned(StageInput input, Function<ArtifactRef, Artifact> made) {
    WorkspacePaths paths = WorkspacePaths.of(pipeline);
    return switch (input) {
      case StageInput.SourceFile source -> {
        String sha256 = hash(source.path());
        yield new StagePlan.PlannedInput(
            StagePath.place(pipeline.directory(), source.path()),
            paths.source(sha256),
            sha256,
            Optional.of(pipeline.directory().resolve(source.path())),
            Optional.empty());
      }
      case StageInput.Upstream upstream -> {
        Artifact artifact = made.apply(upstream.artifact());
        yield new StagePlan.PlannedInput(
            artifact.filename(),
            paths.inStage(upstream.artifact().stage(), artifact.filename()),
            artifact.sha256(),
            Optional.empty(),
            Optional.of(new StagePlan.MadeBefore(upstream.artifact(), artifact)));
      }
    };
  }

  private String hash(String path) {
    Path file = pipeline.directory().resolve(path);
    try {
      return hashes.sha256(file);
    } catch (NoSuchFileException e) {
      throw new CaissonException.InvalidRequest(
          "pipeline " + pipeline.name() + ": no file '" + path + "' in " + pipeline.directory());
    } catch (IOException e) {
      throw new CaissonException.InvalidRequest(
          "pipeline " + pipeline.name() + ": cannot read '" + path + "': " + e.getMessage());
    }
  }

  /** Hashes of all files of the author that any stage reads. */
  Set<String> sources() {
    Set<String> sources = new HashSet<>();
    for (Stage stage : pipeline.stages()) {
      for (StageInput input : stage.in().values()) {
        if (input instanceof StageInput.SourceFile source) {
          sources.add(hash(source.path()));
        }
      }
    }
    return sources;
  }
}
