package dev.caisson.runner;

/** An artifact of a stage, written {@code stage.artifact}. */
public record ArtifactRef(String stage, String artifact) {
  @Override
  public String toString() {
    return stage + "." + artifact;
  }
}
