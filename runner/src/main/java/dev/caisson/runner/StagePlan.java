package dev.caisson.runner;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A stage whose inputs are known, and the key that follows from them.
 *
 * @param code script and helper files: place in the stage's directory to hash
 * @param executables places of the helper files that can be started as programs
 * @param inputs by name
 */
record StagePlan(
    Stage stage,
    ActionKey key,
    Map<String, String> code,
    Set<String> executables,
    Map<String, PlannedInput> inputs) {
  StagePlan {
    executables = Set.copyOf(executables);
    code = Collections.unmodifiableMap(new LinkedHashMap<>(code));
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
  }

  /**
   * One input.
   *
   * @param place in the stage's directory
   * @param path where its content stands in the container
   * @param source the author's file, when it is one
   * @param artifact what an earlier stage made, when it is that
   */
  record PlannedInput(
      String place,
      String path,
      String sha256,
      Optional<Path> source,
      Optional<MadeBefore> artifact) {}

  /** An artifact of an earlier stage. */
  record MadeBefore(ArtifactRef ref, Artifact artifact) {}

  /** A place that two inputs share, which only a pattern's match can bring about. */
  Optional<String> placeTaken() {
    List<String> places = inputs.values().stream().map(PlannedInput::place).toList();
    return places.stream()
        .filter(place -> Collections.frequency(places, place) > 1 || code.containsKey(place))
        .findFirst();
  }
}
