package dev.caisson.runner;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** The {@code out/} beside a pipeline file: holds what the pipeline hands to the outside. */
final class OutputDirectory {
  private final Pipeline pipeline;
  private final Blobs blobs;
  private final HashCache hashes;
  private final RunListener listener;

  OutputDirectory(Pipeline pipeline, Blobs blobs, HashCache hashes, RunListener listener) {
    this.pipeline = pipeline;
    this.blobs = blobs;
    this.hashes = hashes;
    this.listener = listener;
  }

  /**
   * Makes every declared output stand in the directory with its content, writing only what does
   * not.
   *
   * @param written takes the paths of all outputs
   * @return false when a blob was damaged and is gone now: its stage has to be settled again
   */
  boolean bringOut(Function<ArtifactRef, Artifact> artifacts, List<Path> written)
      throws IOException {
    written.clear();
    for (ArtifactRef ref : pipeline.outputs()) {
      Artifact artifact = artifacts.apply(ref);
      Path target = pipeline.outputDirectory().resolve(artifact.filename());
      boolean there = stands(target, artifact);
      if (!there && !blobs.copyTo(artifact, target)) {
        return false;
      }
      written.add(target);
      listener.on(new RunEvent.BroughtOut(ref, target, artifact.sizeBytes(), !there));
    }
    return true;
  }

  private boolean stands(Path target, Artifact artifact) throws IOException {
    if (Files.isDirectory(target)) {
      throw new CaissonException.Conflict(
          "output "
              + artifact.filename()
              + " cannot be brought out: "
              + target
              + " is a directory");
    }
    return Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
        && Files.size(target) == artifact.sizeBytes()
        && hashes.sha256(target).equals(artifact.sha256());
  }
}
