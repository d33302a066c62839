package dev.caisson.domain;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a caller wants of a new container.
 *
 * @param image the name of an image; empty for the default
 * @param files stored files to mount under {@code $INPUT_DIR}, each by its own name
 * @param labels free text for the caller's own use
 */
public record ContainerSpec(
    Optional<String> image, List<FileId> files, Map<String, String> labels) {
  /** A container of the default image without files. */
  public static final ContainerSpec DEFAULT =
      new ContainerSpec(Optional.empty(), List.of(), Map.of());

  public ContainerSpec {
    files = List.copyOf(files);
    labels = Map.copyOf(labels);
  }
}
