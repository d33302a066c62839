package dev.caisson.runner;

/** Where a stage's input comes from. */
public sealed interface StageInput {
  /**
   * A file of the pipeline's author.
   *
   * @param path absolute, or relative to the pipeline's directory
   */
  record SourceFile(String path) implements StageInput {}

  /** What an earlier stage made. */
  record Upstream(ArtifactRef artifact) implements StageInput {}
}
