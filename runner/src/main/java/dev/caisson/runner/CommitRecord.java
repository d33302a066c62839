package dev.caisson.runner;

import java.util.List;
import java.util.Map;

/**
 * The proof that a stage ran to its end under one key. Written in one piece after everything that
 * it names is in its place.
 *
 * @param key the fields of the {@link ActionKey}
 * @param container where the artifacts were made; they may be gone from there since
 * @param finishedAt epoch milliseconds
 */
record CommitRecord(
    Map<String, Object> key,
    List<Artifact> artifacts,
    String container,
    String cell,
    long wallMillis,
    long finishedAt) {
  CommitRecord {
    artifacts = List.copyOf(artifacts);
  }

  Artifact artifact(String name) {
    return artifacts.stream()
        .filter(artifact -> artifact.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no artifact " + name + " in the record"));
  }

  /** Whether the record tells of exactly these artifacts; a damaged one does not. */
  boolean covers(Stage stage) {
    return artifacts.size() == stage.out().size()
        && artifacts.stream().allMatch(artifact -> stage.out().containsKey(artifact.name()));
  }
}
